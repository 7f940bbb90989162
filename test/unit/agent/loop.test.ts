import fc from "fast-check";
import { expect, test } from "vitest";
import { delayToNext, type LoopParts, placeOf, startLoops } from "../../../agent/loop.ts";
import type { Step } from "../../../agent/push.ts";
import { manualTimers, settled } from "./support/manual-timers.ts";

/** Both loops on a clock of the test's. A push takes what was scraped since the last one. */
function setUp(options: Partial<LoopParts> = {}, timers = manualTimers(100_000)) {
  const scrapes: { readonly at: number; readonly everyMs: number }[] = [];
  const pushes: { readonly at: number; readonly took: number }[] = [];
  const wishes: number[] = [];
  let waiting = 0;
  const loops = startLoops({
    timers,
    uptimeMs: timers.now,
    scrape: (everyMs) => {
      scrapes.push({ at: timers.now(), everyMs });
      waiting += 1;
    },
    push: async (): Promise<Step> => {
      if (waiting === 0) return { next: "idle", ms: null };
      pushes.push({ at: timers.now(), took: waiting });
      waiting = 0;
      return { next: "now" };
    },
    intervalMs: 10_000,
    intervalIsFixed: false,
    place: 0.5,
    onInterval: (everyMs) => wishes.push(everyMs),
    ...options,
  });
  return { timers, scrapes, pushes, wishes, loops };
}

test("the first scrape is at once, the others on multiples of the interval in uptime", async () => {
  const { timers, scrapes } = setUp({}, manualTimers(101_234));
  await timers.advance(40_000);
  expect(scrapes.map(({ at }) => at)).toEqual([101_234, 110_000, 120_000, 130_000, 140_000]);
});

test("a start shortly before a multiple passes it over", async () => {
  const { timers, scrapes } = setUp({}, manualTimers(107_000));
  await timers.advance(20_000);
  expect(scrapes.map(({ at }) => at)).toEqual([107_000, 120_000]);
});

test.each([
  ["on the grid", 110_000, 10_000],
  ["a timer that fired 2 ms early does not scrape twice", 109_998, 10_002],
  ["a timer that fired late takes the next point on the grid", 113_000, 7_000],
  ["one very late passes a point over", 116_000, 14_000],
])("%s", (_case, uptimeMs, delay) => {
  expect(delayToNext(uptimeMs, 10_000)).toBe(delay);
});

test("whatever the uptime, the next scrape is half an interval to one and a half away, on the grid", () => {
  const interval = fc.integer({ min: 100, max: 3_600_000 });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), interval, (uptimeMs, everyMs) => {
      const delay = delayToNext(uptimeMs, everyMs);
      expect(delay).toBeGreaterThanOrEqual(everyMs * 0.499);
      expect(delay).toBeLessThanOrEqual(everyMs * 1.501);
      const remainder = (uptimeMs + delay) % everyMs;
      expect(Math.min(remainder, everyMs - remainder)).toBeLessThan(0.1);
    }),
  );
});

test("a push that hangs delays no scrape, and takes all that came meanwhile afterwards", async () => {
  const hanging: ((step: Step) => void)[] = [];
  const { timers, scrapes } = setUp({ push: () => new Promise((resolve) => hanging.push(resolve)) });
  await timers.advance(30_000);
  expect(scrapes).toHaveLength(4);
  expect(hanging).toHaveLength(1);
  hanging[0]?.({ next: "now" });
  await settled();
  expect(hanging).toHaveLength(2);
});

test("a backoff is waited out, whatever arrives meanwhile", async () => {
  const timers = manualTimers(100_000);
  const at: number[] = [];
  setUp(
    {
      push: async () => {
        at.push(timers.now());
        return { next: "wait", ms: 25_000 };
      },
    },
    timers,
  );
  await timers.advance(60_000);
  expect(at).toEqual([100_000, 125_000, 150_000]);
});

test("an idle loop that has a time wakes at it", async () => {
  const timers = manualTimers(100_000);
  const at: number[] = [];
  setUp(
    {
      push: async () => {
        at.push(timers.now());
        return { next: "idle", ms: 3_000 };
      },
    },
    timers,
  );
  await timers.advance(7_000);
  expect(at).toEqual([100_000, 103_000, 106_000]);
});

test("each push is later than its scrape by this host's place in the jitter", async () => {
  const { timers, pushes, loops } = setUp({ place: 0.25 });
  loops.configure({ intervalMs: 10_000, jitterMs: 4_000 });
  await timers.advance(25_000);
  expect(pushes.map(({ at }) => at)).toEqual([100_000, 111_000, 121_000]);
});

test("the service's interval is taken up, and said in the snapshots", async () => {
  const { timers, scrapes, wishes, loops } = setUp();
  await timers.advance(1_000);
  loops.configure({ intervalMs: 30_000, jitterMs: 0 });
  await timers.advance(60_000);
  expect(scrapes.map(({ at, everyMs }) => [at, everyMs])).toEqual([
    [100_000, 10_000],
    [120_000, 30_000],
    [150_000, 30_000],
  ]);
  expect(wishes).toEqual([30_000]);
});

test.each([
  ["shorter than any", 1, 100],
  ["longer than any", 1e12, 3_600_000],
])("an interval %s is taken as the bound", (_case, intervalMs, everyMs) => {
  const { wishes, loops } = setUp();
  loops.configure({ intervalMs, jitterMs: 0 });
  expect(wishes).toEqual([everyMs]);
});

test("an interval that was given stays", async () => {
  const { timers, scrapes, wishes, loops } = setUp({ intervalIsFixed: true });
  loops.configure({ intervalMs: 30_000, jitterMs: 0 });
  await timers.advance(20_000);
  expect(scrapes).toHaveLength(3);
  expect(wishes).toEqual([]);
});

test("stopping ends scraping and a backoff, and makes one last try", async () => {
  const timers = manualTimers(100_000);
  const steps: number[] = [];
  const { scrapes, loops } = setUp(
    {
      push: async () => {
        steps.push(timers.now());
        return { next: "wait", ms: 60_000 };
      },
    },
    timers,
  );
  await timers.advance(15_000);
  const stopped = loops.stop(3_000);
  await timers.advance(60_000);
  await stopped;
  expect(steps).toEqual([100_000, 115_000]);
  expect(scrapes).toHaveLength(2);
});

test("stopping sends a backlog as long as it goes well", async () => {
  let backlog = 0;
  const { timers, loops } = setUp({
    push: async () => {
      if (backlog === 0) return { next: "idle", ms: null };
      backlog -= 1;
      return { next: "now" };
    },
  });
  await timers.advance(1_000);
  backlog = 5;
  await loops.stop(3_000);
  expect(backlog).toBe(0);
});

test("a last try that hangs is given up when the time is over", async () => {
  let aborted = 0;
  const { timers, loops } = setUp({
    push: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = timers.now();
          resolve({ next: "wait", ms: 1_000 });
        });
      }),
  });
  await timers.advance(1_000);
  const stopped = loops.stop(3_000);
  await timers.advance(3_000);
  await stopped;
  expect(aborted).toBe(104_000);
});

test.each([
  ["00000000-0000-4000-8000-000000000000", 0],
  ["80000000-0000-4000-8000-000000000000", 0.5],
  ["ffffffff-0000-4000-8000-000000000000", 1 - 2 ** -32],
])("host %s has place %d", (host, place) => {
  expect(placeOf(host)).toBe(place);
});
