import type { Composer } from "./message.ts";
import type { QueuedSnapshot } from "./snapshot.ts";
import type { Transport } from "./transport.ts";
import { judge } from "./verdict.ts";

/**
 * Pushes one snapshot, once: what `--once` does.
 *
 * @returns null when the service has it, or else why not.
 */
export async function pushOnce(
  snapshot: QueuedSnapshot,
  parts: {
    readonly compose: Composer;
    readonly transport: Transport;
    readonly wallClock: () => number;
    readonly uptimeMs: () => number;
    readonly learn: (serviceTimeMs: number, sentUptimeMs: number, receivedUptimeMs: number) => void;
  },
): Promise<string | null> {
  const { body } = parts.compose([snapshot], new Set(), parts.wallClock());
  const sentUptimeMs = parts.uptimeMs();
  const verdict = judge(await parts.transport.send(body), 1, parts.wallClock());
  if (verdict.kind !== "answered") return verdict.reason;
  parts.learn(verdict.answer.time, sentUptimeMs, parts.uptimeMs());
  const [result] = verdict.answer.results;
  if (result?.status === "stored" || result?.status === "duplicate") return null;
  return `${result?.status}: ${result?.code}: ${result?.message}`;
}
