/**
 * A webhook by Standard Webhooks 1.0: signed, with one id for all attempts.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac } from "node:crypto";
import { payloadOf } from "../message/payload.ts";
import type { Outcome, Receiver } from "../receiver.ts";
import { post, refused, taken } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";

export function webhook(
  name: string,
  { url, secret, previous_secrets }: SettingsOf<"webhook">,
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
      const body = JSON.stringify(payloadOf(notification));
      const timestamp = Math.floor(now() / 1000);
      const headers = {
        "webhook-id": idempotencyKey,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signaturesOf(keys, `${idempotencyKey}.${timestamp}.${body}`),
      };
      const asked = await post(http, { url, headers, body, signal, secrets });
      if ("failed" in asked) return asked.failed;
      const { status } = asked.answer;
      if (status >= 200 && status < 300) return taken(asked.answer);
      if (status === 410) return { ...refused(asked.answer, now()), disable: true };
      // The standard has any other failure tried again: a person at the far end may mend it meanwhile.
      return refused(asked.answer, now(), true);
    },
  };
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
