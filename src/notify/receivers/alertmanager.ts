/**
 * Alertmanager, by its API v2: one alert for each incident, posted to every instance of a cluster.
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 *
 * It forgets what is not sent again: an alert that fires is over at its `endsAt`, which each sending moves ahead, and
 * an instance that was restarted knows of it again after the next one.
 */
import { alertsOf } from "../message/alerts.ts";
import type { NotifiedIncident, Outcome, Receiver } from "../receiver.ts";
import { sayingBy, withFaults } from "../template/own-texts.ts";
import { TRAITS } from "../traits.ts";
import { failure, post, refused, taken } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";
import { untilOneHasIt } from "./until-one-has-it.ts";

/** So long after its last sending what fires is over by itself: several of them may fail. */
const ENDS_IN_MS = 4 * (TRAITS.ALERTMANAGER.resendMs ?? 60_000);

/**
 * What no time mends: it is of what was sent. A token, a path or a proxy that is wrong is mended some time, and until
 * then what fires is not to be forgotten: it is repeated only after somebody took it.
 */
const LASTING: ReadonlySet<number> = new Set([413, 422]);

/** As many as Prometheus sends at once. */
const BATCH = 64;

export function alertmanager(
  name: string,
  settings: SettingsOf<"alertmanager">,
  { http, now }: ReceiverDeps,
): Receiver {
  const instances = settings.urls.map((url) => ({
    host: new URL(url).host,
    url: `${url.replace(/\/+$/, "")}/api/v2/alerts`,
  }));
  const authorization = authorizationOf(settings);
  const headers = authorization === null ? {} : { authorization };
  const secrets = [settings.bearer ?? "", settings.basic_auth?.password ?? ""];

  /** All batches to one instance, up to one that it may take later. */
  const sendTo = async (
    url: string,
    batches: readonly (readonly object[])[],
    signal: AbortSignal,
  ): Promise<Outcome> => {
    let outcome = null as Outcome | null;
    for (const body of batches) {
      const asked = await post(http, { url, headers, body, signal, secrets });
      if ("failed" in asked) return asked.failed;
      const { answer } = asked;
      // With its own 400 the valid alerts of the batch are stored and the others never will be, so the rest can go on.
      const isPartial = answer.status === 400 && isOwnWord(answer.body);
      if (answer.status !== 200 && !isPartial) return refused(answer, now(), !LASTING.has(answer.status));
      // What was valid is to be repeated, so it counts as taken.
      const isTaken: boolean = answer.status === 200 || body.length > 1 || outcome?.delivered === true;
      if (outcome === null || isPartial) outcome = isTaken ? taken(answer) : refused(answer, now());
    }
    return outcome ?? failure(null, "there was nothing to send", false);
  };

  return {
    name,
    kind: "ALERTMANAGER",
    target: instances.map(({ host }) => host).join(", "),
    send: async (notification, signal): Promise<Outcome> => {
      const faults: string[] = [];
      const saying = sayingBy(settings.template, notification);
      const annotationsOf = (incident?: NotifiedIncident) => {
        const own = saying(incident);
        faults.push(...own.faults);
        return own.texts;
      };
      const alerts = alertsOf(notification, { name, endsInMs: ENDS_IN_MS, annotationsOf });
      const batches = Array.from({ length: Math.ceil(alerts.length / BATCH) }, (_, index) =>
        alerts.slice(index * BATCH, (index + 1) * BATCH),
      );
      const asked = instances.map(
        ({ url }) =>
          (impatient: AbortSignal) =>
            sendTo(url, batches, AbortSignal.any([signal, impatient])),
      );
      const outcomes = (await untilOneHasIt(asked)).map((outcome, place) => ({
        host: instances[place]?.host ?? "",
        outcome,
      }));
      return withFaults(together(outcomes), faults);
    },
  };
}

interface FromInstance {
  readonly host: string;
  readonly outcome: Outcome;
}

/** Whether it is Alertmanager that answers, which says what is wrong as a JSON string, and nothing on the way to it. */
function isOwnWord(body: string): boolean {
  return /^\s*"/.test(body);
}

/** Delivered when one instance took it: they tell each other what they have notified of. Failing ones are named. */
function together(outcomes: readonly FromInstance[]): Outcome {
  const words = outcomes.map(wordsOf).join("; ");
  const failed = outcomes.flatMap(({ outcome }) => (outcome.delivered ? [] : [outcome]));
  const took = outcomes.find(({ outcome }) => outcome.delivered)?.outcome;
  if (took !== undefined) return { delivered: true, status: took.status, answer: words };
  const again = failed.filter(({ retry }) => retry);
  const waits = again.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    delivered: false,
    status: (again[0] ?? failed[0])?.status ?? null,
    answer: words,
    retry: again.length > 0,
    retryAfterMs: waits.length > 0 && waits.length === again.length ? Math.min(...waits) : null,
  };
}

/** Why nobody answered says by itself who did not. */
function wordsOf({ host, outcome: { answer } }: FromInstance): string {
  return answer.startsWith(`${host} `) ? answer : `${host} ${answer}`;
}

function authorizationOf({ basic_auth, bearer }: SettingsOf<"alertmanager">): string | null {
  if (bearer !== undefined) return `Bearer ${bearer}`;
  if (basic_auth === undefined) return null;
  const { username, password } = basic_auth;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
