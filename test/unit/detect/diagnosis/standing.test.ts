import { describe, expect, test } from "vitest";
import { isPinned } from "../../../../src/detect/diagnosis/focus.ts";
import { isStanding, type Reading, standingOf } from "../../../../src/detect/diagnosis/standing.ts";
import { randomOf } from "../../../support/hours.ts";
import { listener } from "../support/windows.ts";

/** Connections that come and are taken, a second; pauses of the application in seconds, each ten of them. */
interface Load {
  readonly come: number;
  readonly taken: number;
  readonly limit: number;
  readonly roundTripMs: number;
  readonly pauseSeconds?: number;
}

const STEP_MS = 1;
const SAMPLE_MS = 2_000;
const READING_MS = 10_000;
/** A client that is refused sends its SYN again after so long, and gives up after so many. */
const AGAIN_MS = 1_000;
const TRIES = 7;

/**
 * The accept queue of a kernel since 4.10, millisecond by millisecond: a SYN is taken while the queue is not over its
 * limit, and its connection joins the queue a round trip later, or is refused if that is full by then.
 *
 * @returns what an agent sees of it in its last minute of three
 */
function seenOf({ come, taken, limit, roundTripMs, pauseSeconds = 0 }: Load, seed: number): Reading[] {
  const random = randomOf(seed);
  const syns = new Map<number, number[]>();
  const acks = new Map<number, number>();
  const readings: Reading[] = [];
  let [queue, samples, samplesFull] = [0, 0, 0];
  for (let now = 0; now < 180_000; now += STEP_MS) {
    const tries = syns.get(now) ?? [];
    syns.delete(now);
    if (random() < (come * STEP_MS) / 1_000) tries.push(1);
    for (const tried of tries) {
      if (queue <= limit) acks.set(now + roundTripMs, (acks.get(now + roundTripMs) ?? 0) + 1);
      else if (tried < TRIES) {
        const at = now + AGAIN_MS;
        syns.set(at, [...(syns.get(at) ?? []), tried + 1]);
      }
    }
    for (let left = acks.get(now) ?? 0; left > 0 && queue <= limit; left--) queue++;
    acks.delete(now);
    const pauses = now % 10_000 < pauseSeconds * 1_000;
    if (!pauses && random() < (taken * STEP_MS) / 1_000) queue = Math.max(0, queue - 1);
    if (now % SAMPLE_MS === 0) {
      samples++;
      if (queue > limit) samplesFull++;
    }
    if (now % READING_MS === READING_MS - STEP_MS) {
      if (now > 120_000) readings.push({ queue, samples, samplesFull });
      [samples, samplesFull] = [0, 0];
    }
  }
  return readings;
}

function judged(load: Load, seed: number) {
  const readings = seenOf(load, seed);
  const sum = (of: (one: Reading) => number) => readings.reduce((all, one) => all + of(one), 0);
  const standing = standingOf(readings, load.limit, load.limit + 1) ?? undefined;
  const [samples, samplesFull] = [sum((one) => one.samples), sum((one) => one.samplesFull)];
  const seen = listener({ limit: load.limit, samples, samplesFull, ...(standing && { standing }) });
  return { pinned: isPinned(seen), standing: isStanding(seen) };
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe("a queue to which more comes than is taken", () => {
  test.each<[string, Load]>([
    ["a tenth more, from 30 ms away", { come: 110, taken: 100, limit: 128, roundTripMs: 30 }],
    ["a fifth more, from 30 ms away", { come: 120, taken: 100, limit: 128, roundTripMs: 30 }],
    [
      "a tenth more, from 30 ms away, over a long queue",
      { come: 550, taken: 500, limit: 511, roundTripMs: 30 },
    ],
    ["three times as much, from near", { come: 300, taken: 100, limit: 128, roundTripMs: 1 }],
  ])("stands or is pinned: %s", (_name, load) => {
    const found = SEEDS.filter((seed) => Object.values(judged(load, seed)).includes(true));
    // A reading may fall into a moment in which the queue is short: the next minute tells.
    expect(found.length).toBeGreaterThanOrEqual(SEEDS.length - 1);
  });

  test("is over its limit in less than half of the samples where the overload is small and clients are far", () => {
    const load = { come: 110, taken: 100, limit: 128, roundTripMs: 50 };
    expect(SEEDS.filter((seed) => !judged(load, seed).pinned).length).toBeGreaterThan(4);
  });
});

test.each<[string, Load]>([
  ["pauses of three seconds in ten", { come: 100, taken: 400, limit: 128, roundTripMs: 30, pauseSeconds: 3 }],
  ["as much as is taken, nearly", { come: 90, taken: 100, limit: 128, roundTripMs: 30 }],
])("a queue that empties does not stand: %s", (_name, load) => {
  for (const seed of SEEDS)
    expect(judged(load, seed), `seed ${seed}`).toEqual({ pinned: false, standing: false });
});
