import { type CounterValues, valueAt } from "./values.ts";

/** A stretch of one boot of one agent's timekeeping. */
export interface Epoch {
  readonly id: number;
  readonly bootId: string;
  /** 0 for the first of its boot: the only one whose first snapshot may count since the boot. */
  readonly number: number;
  /** Width of the kernel's `unsigned long`: 32-bit counters wrap at 2^32. */
  readonly wordSize: number;
}

/**
 * Marks of `Layout.gauges`: none has an increase, and each may fall; a constant has no history either. The time of the
 * boot, and that at which the counters began, are constants by which a restart is told.
 */
export const GAUGE = 1;
export const CONSTANT = 2;
export const BOOT_TIME = 3;
export const START_TIME = 4;

/** What the values of a snapshot stand for. */
export interface Layout {
  readonly id: number;
  readonly counterIds: Int32Array;
  /** GAUGE, CONSTANT, BOOT_TIME or START_TIME where the value at that position is one, 0 where it is a counter. */
  readonly gauges: Uint8Array;
}

/** All counters of one network namespace, read at one moment. */
export interface Snapshot {
  /** ms since 1970, on the service's clock. */
  readonly at: number;
  readonly uptimeMs: number;
  /** The agent's interval when it was read. */
  readonly everyMs: number;
  /**
   * Uptime at which the namespace was born, when it was born after the previous scan of the same agent run,
   * so that its counters are known to have begun at 0; null otherwise.
   */
  readonly bornUptimeMs: number | null;
  readonly epoch: Epoch;
  readonly layout: Layout;
  readonly values: CounterValues;
}

/**
 * When its host says in a value that it booted, or that its counters began, in ms since 1970; null where it does not.
 *
 * @param mark BOOT_TIME or START_TIME
 */
export function saidTime({ layout, values }: Snapshot, mark: number): number | null {
  const position = layout.gauges.indexOf(mark);
  const seconds = position < 0 ? null : valueAt(values, position);
  return seconds === null ? null : Number(seconds) * 1_000;
}

/** When the boot of a snapshot began, in ms since 1970. */
export function bootBegan(snapshot: Snapshot): number {
  return snapshot.at - snapshot.uptimeMs;
}
