/**
 * A webhook by Standard Webhooks 1.0: signed, with one id for all attempts.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac } from "node:crypto";
import { payloadOf } from "../message/payload.ts";
import type { Outcome, Receiver } from "../receiver.ts";
import type { SafeAnswer } from "../safe-http.ts";
import { sayingBy, withFaults } from "../template/own-texts.ts";
import { post, refused, taken } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";

export function webhook(
  name: string,
  { url, secret, previous_secrets, template }: SettingsOf<"webhook">,
  { http, now }: ReceiverDeps,
): Receiver {
  const { host, pathname, search } = new URL(url);
  const keys = [secret, ...previous_secrets];
  const secrets = [...keys, `${pathname}${search}`, pathname, search];
  return {
    name,
    kind: "WEBHOOK",
    // Paths of webhooks are often secrets.
    target: host,
    send: async (notification, signal): Promise<Outcome> => {
      const { idempotencyKey } = notification;
      const { texts, faults } = sayingBy(template, notification)();
      const body = JSON.stringify(payloadOf(notification, texts.message));
      const timestamp = Math.floor(now() / 1000);
      const headers = {
        "webhook-id": idempotencyKey,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signaturesOf(keys, `${idempotencyKey}.${timestamp}.${body}`),
      };
      const asked = await post(http, { url, headers, body, signal, secrets });
      return withFaults("failed" in asked ? asked.failed : outcomeOf(asked.answer, now()), faults);
    },
  };
}

function outcomeOf(answer: SafeAnswer, now: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return taken(answer);
  if (status === 410) return { ...refused(answer, now), disable: true };
  // The standard has any other failure tried again: a person at the far end may mend it meanwhile.
  return refused(answer, now, true);
}

/** One for each secret, so that the far end may hold any one of them. */
function signaturesOf(secrets: readonly string[], content: string): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice("whsec_".length), "base64");
      return `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
    })
    .join(" ");
}
