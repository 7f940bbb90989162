/**
 * PagerDuty, by its Events API v2: one alert for each group, triggered, acknowledged and resolved by one dedup_key.
 * https://developer.pagerduty.com/docs/events-api-v2-overview
 */
import { createHash } from "node:crypto";
import type { Severity } from "../../store/incidents/records.ts";
import { oneLine } from "../message/clean.ts";
import { hostWords, listenersOf } from "../message/facts.ts";
import { type Message, messageOf } from "../message/message.ts";
import { lineOf, omittedWords, TEST_WORDS } from "../message/text.ts";
import type { Notification, Outcome, Receiver } from "../receiver.ts";
import type { SafeAnswer } from "../safe-http.ts";
import { sayingBy, withFaults } from "../template/own-texts.ts";
import { post, refused, taken } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";

const SEVERITIES: Readonly<Record<Severity, string>> = {
  CRITICAL: "critical",
  MAJOR: "error",
  MINOR: "warning",
  INFO: "info",
};

const ACTIONS: Readonly<Record<Message["state"], string>> = {
  open: "trigger",
  test: "trigger",
  acknowledged: "acknowledge",
  resolved: "resolve",
};

export function pagerduty(
  name: string,
  { routing_key, url, template }: SettingsOf<"pagerduty">,
  { http, now, publicUrl }: ReceiverDeps,
): Receiver {
  return {
    name,
    kind: "PAGERDUTY",
    target: new URL(url).host,
    send: async (notification, signal): Promise<Outcome> => {
      const { texts, faults } = sayingBy(template, notification)();
      const body = { routing_key, ...eventOf(notification, publicUrl, texts.summary) };
      const asked = await post(http, { url, body, signal, secrets: [routing_key] });
      return withFaults("failed" in asked ? asked.failed : outcomeOf(asked.answer, now()), faults);
    },
  };
}

function outcomeOf(answer: SafeAnswer, now: number): Outcome {
  return answer.status === 202 ? taken(answer) : refused(answer, now);
}

/** Of a summary, in characters. */
const SUMMARY_LENGTH = 1_024;

/** The event without its key. Every text in it is bounded, so that it stays far below the 512,000 bytes allowed. */
function eventOf(notification: Notification, publicUrl: string, summary: string | undefined) {
  const message = messageOf(notification);
  const named = { event_action: ACTIONS[message.state], dedup_key: dedupKeyOf(notification) };
  // Of an alert that is there already nothing but its name is read.
  if (named.event_action !== "trigger") return named;
  return {
    ...named,
    client: "Spillway",
    client_url: publicUrl,
    links: [{ href: message.url, text: "Open in Spillway" }],
    payload: {
      summary: summary === undefined ? message.subject : oneLine(summary, SUMMARY_LENGTH),
      severity: SEVERITIES[message.severity],
      ...sourceOf(notification),
      custom_details: detailsOf(message),
    },
  };
}

/** At most 255 characters are allowed, and group keys may have more. */
function dedupKeyOf({ groupKey }: Notification): string {
  return `spillway-${createHash("sha256").update(groupKey).digest("hex")}`;
}

/** What it is about; a test is about this service. */
function sourceOf({ incidents: [worst] }: Notification) {
  if (worst === undefined) return { source: "spillway" };
  const { startedAt, cause } = worst.incident;
  const [listener] = listenersOf(worst.incident);
  return {
    source: hostWords(worst),
    timestamp: new Date(startedAt).toISOString(),
    class: cause,
    ...(listener === undefined ? {} : { component: listener }),
  };
}

function detailsOf(message: Message) {
  const { worst } = message;
  if (worst === null) return { Test: TEST_WORDS };
  const omitted = omittedWords(message);
  const others = message.others.map((one) => `${lineOf(one)} ${one.url}`);
  return {
    ...(worst.summary === null ? {} : { Summary: worst.summary }),
    ...Object.fromEntries(worst.facts.map(({ name, value }) => [name, value])),
    ...(worst.evidence.length === 0 ? {} : { Evidence: worst.evidence }),
    ...(worst.remedies.length === 0 ? {} : { "What to do": worst.remedies }),
    ...(others.length === 0 ? {} : { Others: omitted === "" ? others : [...others, omitted] }),
    ...(message.group === "" ? {} : { Group: message.group }),
  };
}
