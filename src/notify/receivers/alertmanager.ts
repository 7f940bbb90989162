/**
 * Alertmanager, by its API v2: one alert for each incident, posted to every instance of a cluster.
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 *
 * It forgets what is not sent again: an alert that fires is over at its `endsAt`, which each sending moves ahead, and
 * an instance that was restarted knows of it again after the next one.
 */
import { alertsOf } from "../message/alerts.ts";
import type { Outcome, Receiver } from "../receiver.ts";
import { failure, post, refused, taken } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";

/** As Prometheus does. */
const RESEND = { everyMs: 60_000, resolvedForMs: 300_000 } as const;
/** What fires is over by itself when so many sendings have failed. */
const MISSED = 4;

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

  /** All batches to one instance; the first that is not taken ends it. */
  const sendTo = async (url: string, batches: readonly object[], signal: AbortSignal): Promise<Outcome> => {
    let outcome: Outcome = failure(null, "there was nothing to send", false);
    for (const body of batches) {
      const asked = await post(http, { url, headers, body, signal, secrets });
      if ("failed" in asked) return asked.failed;
      outcome = asked.answer.status === 200 ? taken(asked.answer) : refused(asked.answer, now());
      if (!outcome.delivered) return outcome;
    }
    return outcome;
  };

  return {
    name,
    kind: "ALERTMANAGER",
    target: instances.map(({ host }) => host).join(", "),
    resend: RESEND,
    send: async (notification, signal): Promise<Outcome> => {
      const alerts = alertsOf(notification, { name, endsInMs: MISSED * RESEND.everyMs });
      const batches = Array.from({ length: Math.ceil(alerts.length / BATCH) }, (_, index) =>
        alerts.slice(index * BATCH, (index + 1) * BATCH),
      );
      const outcomes = await Promise.all(
        instances.map(async ({ host, url }) => ({ host, outcome: await sendTo(url, batches, signal) })),
      );
      return together(outcomes);
    },
  };
}

interface FromInstance {
  readonly host: string;
  readonly outcome: Outcome;
}

/** Delivered when one instance took it: they tell each other what they have notified of. Failing ones are named. */
function together(outcomes: readonly FromInstance[]): Outcome {
  const words = outcomes.map(({ host, outcome }) => `${host} ${outcome.answer}`).join("; ");
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

function authorizationOf({ basic_auth, bearer }: SettingsOf<"alertmanager">): string | null {
  if (bearer !== undefined) return `Bearer ${bearer}`;
  if (basic_auth === undefined) return null;
  const { username, password } = basic_auth;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
