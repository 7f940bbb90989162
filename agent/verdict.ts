import { parseAnswer, type ReceivedAnswer } from "./answer.ts";
import type { Reply } from "./reply-reader.ts";

/** What a reply to a push means for the queue. Only `answered` ever lets a snapshot be deleted. */
export type Verdict =
  | { readonly kind: "answered"; readonly answer: ReceivedAnswer }
  /** 401, 403: a person must mend the token. */
  | ({ readonly kind: "unauthorized" } & NoAnswer)
  /** 400: something in the push, or in between, is wrong; alone each snapshot can show which. */
  | ({ readonly kind: "malformed" } & NoAnswer)
  /** 413 */
  | ({ readonly kind: "too_large" } & NoAnswer)
  /** The network: refused, reset, timed out. */
  | ({ readonly kind: "unreachable" } & NoAnswer)
  /** 429, 5xx, a redirect, any other status, and a 200 that is not our answer. */
  | ({ readonly kind: "later" } & NoAnswer);

interface NoAnswer {
  /** For the log, with what the other side said. */
  readonly reason: string;
  /** What the other side asked to wait, in ms; 0 when it did not. */
  readonly retryAfterMs: number;
}

/** A longer Retry-After is taken as this: no header may silence an agent for a day. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * @param snapshots how many the push carried.
 * @param now wall clock in ms since 1970, for a Retry-After that is a date.
 */
export function judge(reply: Reply, snapshots: number, now: number): Verdict {
  if (reply.kind === "failed") return { kind: "unreachable", reason: reply.reason, retryAfterMs: 0 };
  const { status, headers, text } = reply;
  const retryAfterMs = parseRetryAfter(headers["retry-after"], now);
  if (status === 200) {
    const answer = parseAnswer(text, snapshots);
    if (answer !== null) return { kind: "answered", answer };
    const reason = `200 without an answer of Spillway (${excerpt(text)}): is --server right, is a proxy in between?`;
    return { kind: "later", reason, retryAfterMs };
  }
  if (status >= 300 && status < 400) {
    const reason = `${status}, a redirect to ${excerpt(headers.location ?? "nowhere")}, which is not followed: set --server to the final address`;
    return { kind: "later", reason, retryAfterMs };
  }
  const reason = `${status}${describeProblem(text)}`;
  if (status === 401 || status === 403) return { kind: "unauthorized", reason, retryAfterMs };
  if (status === 400) return { kind: "malformed", reason, retryAfterMs };
  if (status === 413) return { kind: "too_large", reason, retryAfterMs };
  return { kind: "later", reason, retryAfterMs };
}

/** Milliseconds of a Retry-After header, which is seconds or a date (RFC 9110, 10.2.3); 0 for anything else. */
export function parseRetryAfter(value: string | undefined, now: number): number {
  if (value === undefined) return 0;
  const text = value.trim();
  const ms = /^[0-9]+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms));
}

/** Code and detail of an application/problem+json, or the beginning of whatever else it is. */
function describeProblem(text: string): string {
  try {
    const { code, detail, title } = JSON.parse(text) as Record<string, unknown>;
    const said = [code, detail ?? title].filter((part) => typeof part === "string");
    if (said.length > 0) return ` ${excerpt(said.join(": "))}`;
  } catch {
    // Not JSON: quoted as it is.
  }
  return text.trim() === "" ? "" : ` ${excerpt(text)}`;
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= 300 ? line : `${line.slice(0, 300)}...`;
}
