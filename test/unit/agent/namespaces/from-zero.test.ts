/** When the first snapshot of a namespace counts from its birth, and when it is a baseline. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { START_MS, setUp } from "../support/namespace-runs.ts";

test("one born after a scan of this run began at 0, and says so once", () => {
  const { fake, run } = setUp();
  const cycle = run();
  cycle(0);
  fake.namespace("a", { inSegs: 3 });
  fake.start(20, "a", { startMs: START_MS + 12_000 });
  expect([cycle(10_000), cycle(10_000)]).toEqual([[], []]);
  expect(cycle(10_000)).toMatchObject([{ birth: START_MS + 12_000, fromZero: true, inSegs: 3 }]);
  fake.namespace("a", { inSegs: 4 });
  const [next] = cycle(10_000);
  expect(next).toMatchObject({ inSegs: 4 });
  expect(next).not.toHaveProperty("fromZero");
});

test.each([
  ["whose process is older than the last scan: it may have entered an old one", START_MS - 10],
  ["whose process began in the moment of the scan", START_MS],
])("one %s is a baseline", (_case, startMs) => {
  const { fake, run } = setUp();
  const cycle = run();
  cycle(0);
  fake.namespace("a", { inSegs: 300 });
  fake.start(20, "a", { startMs });
  const [first] = cycle(30_000);
  expect(first).toMatchObject({ inSegs: 300 });
  expect(first).not.toHaveProperty("fromZero");
});

test.each<[string, { before: string[]; now: string[]; isHidden?: boolean }, boolean]>([
  ["kept by a mount at the last scan is a baseline", { before: ["other", "a"], now: ["other", "a"] }, false],
  ["unmounted since is a baseline", { before: ["a"], now: [] }, false],
  ["mounted since counts from 0", { before: ["other"], now: ["other", "a"] }, true],
  ["that no mount keeps counts from 0", { before: ["other"], now: ["other"] }, true],
  [
    "of another user counts from 0 where nothing was mounted",
    { before: [], now: ["a"], isHidden: true },
    true,
  ],
  [
    "of another user is a baseline where anything was mounted, as its own name is not shown",
    { before: ["other"], now: ["other", "a"], isHidden: true },
    false,
  ],
])("a namespace entered after the last scan, %s", (_case, { before, now, isHidden = false }, fromZero) => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 300 });
  fake.namespace("other");
  fake.mount(...before);
  const cycle = run();
  cycle(0);
  fake.mount(...now);
  fake.start(20, "a", { startMs: START_MS + 5_000, isHidden });
  const [first] = cycle(30_000);
  expect(first).toMatchObject({ inSegs: 300 });
  expect(first?.fromZero === true).toBe(fromZero);
});

test("where the mounts cannot be read, every first snapshot is a baseline", () => {
  const { fake, run } = setUp();
  rmSync(join(fake.procfs, "1", "mountinfo"));
  const cycle = run();
  cycle(0);
  fake.namespace("a", { inSegs: 300 });
  fake.start(20, "a", { startMs: START_MS + 5_000 });
  expect(cycle(30_000)[0]).not.toHaveProperty("fromZero");
});

test("where start times are of another uptime, as in a container with lxcfs, every first snapshot is a baseline", () => {
  const { fake, run } = setUp();
  const cycle = run();
  cycle(0);
  fake.namespace("a", { inSegs: 300 });
  fake.start(20, "a", { startMs: START_MS + 86_400_000 });
  expect(cycle(30_000)[0]).not.toHaveProperty("fromZero");
});

test("one that was there before the agent is a baseline", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 300 });
  fake.start(20, "a", { startMs: START_MS - 10 });
  expect(run()(0)[0]).not.toHaveProperty("fromZero");
});
