/** Hours of snapshots as fleets send them, the same at every run: made input for tests and measurements. */
import type { Count } from "../../src/protocol/count.ts";
import type { HourRow } from "../../src/store/codec/hour.ts";
import { encodeValues } from "../../src/store/codec/values.ts";

/** Numbers in [0, 1) that the seed alone decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface FleetHost {
  readonly seed: number;
  readonly width: number;
  /** ms since 1970 of the first snapshot, and what lies between two. */
  readonly start: number;
  readonly everyMs: number;
  readonly epochId: number;
  readonly layoutId: number;
}

const DAY_MS = 24 * 3_600_000;

/**
 * The snapshots of a host, without end: of its counters 60 in a hundred stand still, 25 move by a few now and
 * then, and 15 follow the traffic, which has a daily course.
 */
export function* snapshotsOf(host: FleetHost): Generator<HourRow, never> {
  const random = randomOf(host.seed);
  const rates = Array.from({ length: host.width }, () => 2 * 250 ** random());
  const values = rates.map((rate) => Math.floor(random() < 0.4 ? 0 : rate * 1e4 * random()));
  for (let index = 0; ; index++) {
    const at = host.start + index * host.everyMs + Math.floor(random() * 3);
    const day = 1 + 0.6 * Math.sin((2 * Math.PI * at) / DAY_MS);
    yield {
      at,
      uptimeMs: at - host.start + 30 * DAY_MS,
      everyMs: host.everyMs,
      flags: 0,
      epochId: host.epochId,
      layoutId: host.layoutId,
      values: encodeValues(values),
      listeners: null,
    };
    for (let position = 0; position < host.width; position++) {
      const kind = position % 20;
      const rate = (rates[position] ?? 0) * (host.everyMs / 1000);
      if (kind < 3)
        values[position] = (values[position] ?? 0) + Math.floor(rate * day * (0.8 + 0.4 * random()));
      else if (kind < 8 && random() < 0.05)
        values[position] = (values[position] ?? 0) + 1 + Math.floor(3 * random());
    }
  }
}

export function take<T>(from: Iterator<T, never>, count: number): T[] {
  return Array.from({ length: count }, () => from.next().value as T);
}

/** The stored form of values, null for absent. */
export function valuesOf(counts: readonly (bigint | null)[]): Uint8Array {
  return encodeValues(
    counts.map((count): Count | null =>
      count === null ? null : count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count,
    ),
  );
}
