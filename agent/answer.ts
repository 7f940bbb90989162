import type { AgentConfig, PushAnswer, SnapshotResult } from "../src/protocol/answer.ts";

/** A result as received: a newer service may have codes that this agent does not know. */
export interface ReceivedResult {
  readonly status: SnapshotResult["status"];
  readonly code: string;
  readonly message: string;
}

export interface ReceivedAnswer extends Pick<PushAnswer, "time"> {
  readonly results: readonly ReceivedResult[];
  /** null when it is missing or not of its form: then nothing changes. */
  readonly config: AgentConfig | null;
}

const STATUSES: readonly SnapshotResult["status"][] = [
  "stored",
  "duplicate",
  "rejected",
  "too_old",
  "future",
  "retry",
];

/**
 * The answer of a `200`, or null when it is not one of ours: a proxy's login page, another service's JSON, a
 * number of results that is not that of the snapshots sent. Nothing may be deleted on the strength of those.
 */
export function parseAnswer(text: string, snapshots: number): ReceivedAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const { time, results, config } = value;
  if (typeof time !== "number" || !Number.isSafeInteger(time) || time <= 0) return null;
  if (!Array.isArray(results) || results.length !== snapshots) return null;
  const received: ReceivedResult[] = [];
  for (const result of results) {
    const read = readResult(result);
    if (read === null) return null;
    received.push(read);
  }
  return { time, results: received, config: readConfig(config) };
}

function readResult(value: unknown): ReceivedResult | null {
  if (!isRecord(value)) return null;
  const status = STATUSES.find((known) => known === value.status);
  if (status === undefined) return null;
  const code = typeof value.code === "string" ? value.code : "";
  const message = typeof value.message === "string" ? value.message : "";
  return { status, code, message };
}

function readConfig(value: unknown): AgentConfig | null {
  if (!isRecord(value)) return null;
  const { intervalMs, jitterMs } = value;
  if (!isDuration(intervalMs) || !isDuration(jitterMs)) return null;
  return { intervalMs, jitterMs };
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
