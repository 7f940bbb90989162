/** Mail, handed to one SMTP server. */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import nodemailer from "nodemailer";
import { oneLine, wellFormed } from "../message/clean.ts";
import { toHtml } from "../message/html.ts";
import { messageOf } from "../message/message.ts";
import { toText } from "../message/text.ts";
import type { Notification, Outcome, Receiver } from "../receiver.ts";
import { NoAnswer } from "../safe-http.ts";
import { type OwnTexts, sayingBy, withFaults } from "../template/own-texts.ts";
import { type Failed, failure, unanswered, withoutSecrets } from "./ask.ts";
import type { ReceiverDeps } from "./deps.ts";
import type { SettingsOf } from "./settings.ts";

const STEP_MS = 10_000;
const ANSWER_BYTES = 64 * 1024;
const ANSWER_LENGTH = 400;

export function email(
  name: string,
  settings: SettingsOf<"email">,
  { http, publicUrl, timeoutMs }: ReceiverDeps,
): Receiver {
  const { from, to, template } = settings;
  const password = decodeURIComponent(new URL(settings.smtp_url).password);
  const domain = new URL(publicUrl).hostname;
  const idOf = (text: string) =>
    `<${createHash("sha256").update(text).digest("hex").slice(0, 40)}@${domain}>`;
  return {
    name,
    kind: "EMAIL",
    target: to.join(", "),
    send: async (notification, signal): Promise<Outcome> => {
      // For the whole of it: a server that drips bytes is never idle.
      const late = AbortSignal.timeout(timeoutMs);
      const ended = AbortSignal.any([signal, late]);
      const { texts, faults } = sayingBy(template, notification)();
      const content = contentOf(notification, idOf, texts);
      try {
        const transport = nodemailer.createTransport(await connectionOf(settings, http));
        const { rejected, response } = await transport.sendMail({
          from,
          to: [...to],
          ...content,
          signal: ended,
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        const refused = rejected.length === 0 ? "" : `; refused for ${rejected.map(String).join(", ")}`;
        const answer = oneLine(`${response}${refused}`, ANSWER_LENGTH);
        return withFaults({ delivered: true, status: statusOf(response), answer }, faults);
      } catch (error) {
        if (error instanceof NoAnswer) return withFaults(unanswered(error), faults);
        const failed = failureOf(error as SmtpFault, late.aborted ? timeoutMs : null);
        return withFaults({ ...failed, answer: withoutSecrets([password], failed.answer) }, faults);
      }
    },
  };
}

/** The server, by the address that was checked: its name may stand for another one a moment later. */
async function connectionOf({ smtp_url, starttls, ca }: SettingsOf<"email">, http: ReceiverDeps["http"]) {
  const url = new URL(smtp_url);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const secure = url.protocol === "smtps:";
  const address = await http.addressOf(host);
  const user = decodeURIComponent(url.username);
  return {
    host: address,
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && starttls === "required",
    opportunisticTLS: !secure && starttls === "optional",
    ignoreTLS: !secure && starttls === "off",
    // The certificate is that of the name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    tls: { minVersion: "TLSv1.2" as const, ...(ca === undefined ? {} : { ca }) },
    ...(user === "" ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    maxResponseSize: ANSWER_BYTES,
  };
}

/** Of one's own subject, in characters. */
const SUBJECT_LENGTH = 250;

/**
 * A text of somebody's own is the whole mail: without HTML beside it, which readers would show instead.
 *
 * @param idOf the name of a message, made of what it is called here
 */
function contentOf(
  notification: Notification,
  idOf: (text: string) => string,
  { subject, text }: OwnTexts<"subject" | "text">["texts"],
) {
  const message = messageOf(notification);
  // No message has this name; readers put all that refer to it into one thread.
  const thread = idOf(`group ${notification.groupKey}`);
  return {
    subject: subject === undefined ? message.subject : oneLine(subject, SUBJECT_LENGTH),
    ...(text === undefined
      ? { text: toText(message), html: toHtml(message) }
      : { text: `${wellFormed(text)}\n` }),
    messageId: idOf(`delivery ${notification.idempotencyKey}`),
    inReplyTo: thread,
    references: thread,
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  };
}

/** What nodemailer throws. */
interface SmtpFault extends Error {
  readonly response?: string;
  readonly responseCode?: number;
  /** Where no recipient was taken: why, one by one. */
  readonly rejectedErrors?: readonly SmtpFault[];
}

/** 4xx passes and 5xx does not; of several recipients who were all refused, one may be taken later. */
function failureOf(error: SmtpFault, lateAfterMs: number | null): Failed {
  const { message, response, rejectedErrors = [] } = error;
  const codes = [error, ...rejectedErrors].flatMap(({ responseCode }) => responseCode ?? []);
  const answer = lateAfterMs === null ? (response ?? message) : `not done within ${lateAfterMs / 1000} s`;
  const retry = codes.length === 0 || codes.some((code) => code < 500);
  return failure(codes[0] ?? null, oneLine(answer, ANSWER_LENGTH), retry);
}

function statusOf(response: string): number | null {
  const status = Number(response.slice(0, 3));
  return Number.isInteger(status) && status >= 200 ? status : null;
}
