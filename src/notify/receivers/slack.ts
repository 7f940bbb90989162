/** Slack, by an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
import { messageOf } from "../message/message.ts";
import { toSlack } from "../message/slack.ts";
import type { Outcome, Receiver } from "../receiver.ts";
import type { SafeAnswer } from "../safe-http.ts";
import { sayingBy, withFaults } from "../template/own-texts.ts";
import { post, refused, taken } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";

export function slack(
  name: string,
  { url, channel, template }: SettingsOf<"slack">,
  { http, now }: ReceiverDeps,
): Receiver {
  // The path is the secret, and so is each part of it that an error may repeat.
  const secrets = [url, new URL(url).pathname];
  return {
    name,
    kind: "SLACK",
    target: channel ?? new URL(url).host,
    send: async (notification, signal): Promise<Outcome> => {
      const { texts, faults } = sayingBy(template, notification)();
      const body = {
        ...toSlack(messageOf(notification), texts),
        ...(channel === undefined ? {} : { channel }),
        unfurl_links: false,
        unfurl_media: false,
      };
      const asked = await post(http, { url, body, signal, secrets });
      return withFaults("failed" in asked ? asked.failed : outcomeOf(asked.answer, now()), faults);
    },
  };
}

function outcomeOf(answer: SafeAnswer, now: number): Outcome {
  if (isTaken(answer)) return taken(answer);
  return isFault(answer) ? refused(answer, now, false) : refused(answer, now);
}

/** Slack answers 200 with these two letters and nothing else. */
function isTaken({ status, body }: SafeAnswer): boolean {
  return status === 200 && body.trim() === "ok";
}

/** Slack may also answer 200 with what it did not like, as one word: `invalid_blocks`. */
function isFault({ status, body }: SafeAnswer): boolean {
  return status === 200 && /^[a-z_]+$/.test(body.trim());
}
