import type { Count } from "../../src/protocol/count.ts";
import type { WireEpoch } from "../../src/protocol/message.ts";

/** The part of a reading that decides whether it is sent. */
export interface Comparable {
  readonly names: readonly string[];
  readonly values: readonly (Count | null)[];
  readonly uptimeMs: number;
  readonly epoch: WireEpoch;
}

/** What is known of a namespace between two readings. */
export interface Sent<R extends Comparable> {
  /** The newest reading, sent or not. */
  readonly last: R;
  readonly lastIsSent: boolean;
  readonly sentUptimeMs: number;
}

/** A namespace in which nothing happens is heard of this often, in ms. */
export const QUIET_MS = 60_000;

/**
 * Which readings of a namespace are sent: each that differs from the one before it, and one a minute. Before
 * one that differs goes the last that did not, if it was kept back: the change lies in the short interval
 * between the two, and not somewhere in the last minute.
 *
 * @param everyMs the time between readings: a minute is up when it is nearer now than at the next one.
 */
export function whatToSend<R extends Comparable>(
  before: Sent<R> | null,
  reading: R,
  everyMs: number,
): { readonly send: readonly R[]; readonly now: Sent<R> } {
  const sent: Sent<R> = { last: reading, lastIsSent: true, sentUptimeMs: reading.uptimeMs };
  if (before === null) return { send: [reading], now: sent };
  if (differs(before.last, reading)) {
    return { send: before.lastIsSent ? [reading] : [before.last, reading], now: sent };
  }
  if (reading.uptimeMs - before.sentUptimeMs >= QUIET_MS - everyMs / 2) return { send: [reading], now: sent };
  return {
    send: [],
    now: { last: reading, lastIsSent: false, sentUptimeMs: before.sentUptimeMs },
  };
}

/** A new epoch is a difference: increases are told within one, so it needs its own first snapshot. */
function differs(a: Comparable, b: Comparable): boolean {
  if (a.epoch.number !== b.epoch.number || a.names.length !== b.names.length) return true;
  for (let i = 0; i < b.values.length; i += 1) if (a.values[i] !== b.values[i]) return true;
  for (let i = 0; i < b.names.length; i += 1) if (a.names[i] !== b.names[i]) return true;
  return false;
}
