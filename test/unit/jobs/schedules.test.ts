import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QUEUE_NAMES, type Queues } from "../../../src/jobs/queues.ts";
import { keepSchedules } from "../../../src/jobs/schedules.ts";
import type { Logger } from "../../../src/telemetry/log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(refuse: (id: string, time: number) => boolean) {
  const said: string[] = [];
  const times = new Map<string, number>();
  const upsertJobScheduler = async (id: string) => {
    const time = (times.get(id) ?? 0) + 1;
    times.set(id, time);
    if (refuse(id, time)) throw new Error("job ID already exists");
    said.push(id);
  };
  const queues = Object.fromEntries(
    QUEUE_NAMES.map((name) => [name, { upsertJobScheduler }]),
  ) as unknown as Queues;
  const warnings: string[] = [];
  const log = { warn: (_facts: object, message: string) => warnings.push(message) } as unknown as Logger;
  return { said, queues, log, warnings };
}

const ALL = [
  "rollup-tick",
  "detect-tick",
  "presence",
  "roles",
  "peers",
  "notify-tick",
  "compact-tick",
  "make-partitions",
  "expire",
];

test("all schedules are said at once, and each minute again", async () => {
  const { said, queues, log } = setUp(() => false);
  const stop = await keepSchedules(queues, log);
  expect(said).toEqual(ALL);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([...ALL, ...ALL]);
  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(said).toEqual([...ALL, ...ALL]);
});

test("one that is refused twice is said soon again, and the others meanwhile", async () => {
  const { said, queues, log, warnings } = setUp((id, time) => id === "rollup-tick" && time <= 2);
  const stop = await keepSchedules(queues, log);
  expect(said).toEqual(ALL.slice(1));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(said).not.toContain("rollup-tick");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(said).toContain("rollup-tick");
  expect(warnings).toHaveLength(2);
  stop();
});
