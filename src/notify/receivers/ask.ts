/** One request to a far end, and what its answer means where the far end has no rules of its own. */
import { oneLine } from "../message/clean.ts";
import type { Outcome } from "../receiver.ts";
import { NoAnswer, type SafeAnswer, type SafeHttp, type SafeRequest } from "../safe-http.ts";

export type Failed = Extract<Outcome, { delivered: false }>;

export interface Ask extends Omit<SafeRequest, "method" | "headers" | "body"> {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON: a value, or a text that is JSON already, since a signature is of these very bytes. */
  readonly body: unknown;
  /** What must not be shown where the answer is: far ends repeat what they did not like. */
  readonly secrets: readonly string[];
}

/** What the far end said, as it may be shown, or why it said nothing. */
export type Asked = { readonly answer: SafeAnswer } | { readonly failed: Failed };

/** Sends JSON by POST. Never throws for what the far end does. */
export async function post(
  http: SafeHttp,
  { headers = {}, body, secrets, url, signal }: Ask,
): Promise<Asked> {
  try {
    const answer = await http.request({
      url,
      signal,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const { location } = answer.headers;
    const shown = location === undefined ? {} : { location: withoutSecrets(secrets, location) };
    return {
      answer: {
        ...answer,
        body: withoutSecrets(secrets, answer.body),
        headers: { ...answer.headers, ...shown },
      },
    };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { failed: unanswered(error, secrets) };
  }
}

/** A failure without an answer. */
export function unanswered(error: NoAnswer, secrets: readonly string[] = []): Failed {
  return failure(null, withoutSecrets(secrets, error.message), error.retry);
}

export function failure(status: number | null, answer: string, retry: boolean): Failed {
  return { delivered: false, status, answer, retry, retryAfterMs: null };
}

/** A far end that took it. */
export function taken(answer: SafeAnswer): Outcome {
  return { delivered: true, status: answer.status, answer: answerWords(answer) };
}

/** A far end that did not take it; it is asked again when it is busy or at fault itself. */
export function refused(answer: SafeAnswer, now: number, retry = isPassing(answer.status)): Failed {
  const { status, headers } = answer;
  const retryAfterMs = retry ? retryAfter(headers["retry-after"], now) : null;
  return { delivered: false, status, answer: answerWords(answer), retry, retryAfterMs };
}

/**
 * Whether a status tells of a state that passes: too early, too much, too busy, broken. A success that is not the one
 * which the far end is known for is of something in between, such as a network that wants people to sign in first.
 */
function isPassing(status: number): boolean {
  return (status >= 200 && status < 300) || [408, 425, 429].includes(status) || status >= 500;
}

const ANSWER_LENGTH = 400;

/** What was answered, as a line. */
function answerWords({ status, headers, body }: SafeAnswer): string {
  const said = oneLine(body, ANSWER_LENGTH);
  const location = headers.location;
  if (status >= 300 && status < 400 && location !== undefined) {
    return `${status}: a redirect to ${oneLine(location, ANSWER_LENGTH)}, which is not followed`;
  }
  return said === "" ? String(status) : `${status}: ${said}`;
}

/** A far end that asks for more is asked again after so long all the same. */
const RETRY_AFTER_MAX_MS = 86_400_000;

/** Seconds, or a date of HTTP; null for none that can be read. */
export function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`; NaN for what is not of this form, which `Date.parse` is lenient about. */
function dateOf(text: string): number {
  return /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
}

/** Shorter than this it would be found in words that are none. */
const SECRET_LENGTH = 8;

/** The text, in which none of these is shown. */
export function withoutSecrets(secrets: readonly string[], text: string): string {
  return secrets.reduce(
    (rest, secret) => (secret.length < SECRET_LENGTH ? rest : rest.replaceAll(secret, "***")),
    text,
  );
}
