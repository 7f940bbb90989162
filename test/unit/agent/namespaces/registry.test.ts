/** Which namespace an inode is, from scan to scan and from run to run, and which of them are followed. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { START_MS, setUp } from "../support/namespace-runs.ts";
import { BOOT } from "../support/procfs.ts";

test("one that a scan no longer finds is forgotten, in the state too", () => {
  const { fake, run, stateDir } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  expect(cycle(0)).toHaveLength(1);
  fake.end(20);
  expect(cycle(30_000)).toEqual([]);
  expect(JSON.parse(readFileSync(join(stateDir, "namespaces.json"), "utf8")).namespaces).toEqual([]);
});

test("an inode given to a new namespace between two scans: lower counters tell it, and it began at 0", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 900 });
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  cycle(0);
  fake.end(20);
  fake.namespace("a", { inSegs: 4 });
  fake.start(21, "a", { startMs: START_MS + 15_000 });
  expect(cycle(30_000)).toMatchObject([{ birth: START_MS + 15_000, fromZero: true, inSegs: 4 }]);
});

test("a namespace whose processes were all replaced goes on, for none of its counters fell", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 900 });
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  cycle(0);
  fake.end(20);
  fake.namespace("a", { inSegs: 950 });
  fake.start(21, "a", { startMs: START_MS + 15_000 });
  const next = cycle(30_000);
  expect(next).toMatchObject([{ birth: 10_000, inSegs: 950 }]);
  expect(next[0]).not.toHaveProperty("fromZero");
});

const DOCKER = "0::/system.slice/docker-";
const POD = "0::/kubepods.slice/kubepods-pod0a1b2c3d_0000_4000_8000_00000000000";

test.each<[string, string, string, boolean]>([
  ["another container's", `${DOCKER}${"a".repeat(64)}.scope\n`, `${DOCKER}${"b".repeat(64)}.scope\n`, true],
  ["the same container's", `${DOCKER}${"a".repeat(64)}.scope\n`, `${DOCKER}${"a".repeat(64)}.scope\n`, false],
  ["a container's, and were a unit's", "0::/a.service\n", `${DOCKER}${"b".repeat(64)}.scope\n`, true],
  ["another unit's: units share namespaces", "0::/a.service\n", "0::/b.service\n", false],
  [
    "another pod's",
    `${POD}1.slice/cri-containerd-${"a".repeat(64)}.scope\n`,
    `${POD}2.slice/cri-containerd-${"b".repeat(64)}.scope\n`,
    true,
  ],
  [
    "another container's of the same pod, whose namespace it is",
    `${POD}1.slice/crio-${"a".repeat(64)}.scope\n`,
    `${POD}1.slice/crio-${"b".repeat(64)}.scope\n`,
    false,
  ],
])("no counter fell, and all processes are %s", (_case, before, after, isAnother) => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 4 });
  fake.start(20, "a", { startMs: 10_000, cgroup: before });
  const cycle = run();
  cycle(0);
  fake.end(20);
  fake.namespace("a", { inSegs: 90 });
  fake.start(21, "a", { startMs: START_MS + 15_000, cgroup: after });
  const next = cycle(30_000);
  expect(next).toMatchObject([{ birth: isAnother ? START_MS + 15_000 : 10_000, inSegs: 90 }]);
  // Whether it began at 0 unseen, nobody can tell.
  expect(next[0]).not.toHaveProperty("fromZero");
});

test("the namespaces of a drill are left to its own agent", () => {
  const { fake, run } = setUp();
  for (const [pid, name, comm] of [
    [20, "a", "spillway-drill"],
    [21, "b", "sleep"],
  ] as const) {
    fake.namespace(name, { inSegs: pid });
    fake.start(pid, name, { startMs: 10_000, comm });
  }
  expect(run()(0)).toMatchObject([{ inSegs: 21 }]);
});

test.each([
  ["comes back as it was: not counted a second time", 950, false],
  ["comes back lower: a new one, all of it counted", 4, true],
])("an inode that was gone for a scan and %s", (_case, inSegs, fromZero) => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 900 });
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  cycle(0);
  fake.end(20);
  cycle(30_000);
  fake.namespace("a", { inSegs });
  fake.start(21, "a", { startMs: START_MS + 45_000 });
  const [back] = cycle(30_000);
  expect(back).toMatchObject({ birth: START_MS + 45_000, inSegs });
  expect(back?.fromZero === true).toBe(fromZero);
});

test("an agent that starts again keeps the births, and books nothing anew", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 900 });
  fake.start(20, "a", { startMs: 10_000 });
  fake.start(30, "a", { startMs: 20_000 });
  expect(run()(0)).toMatchObject([{ birth: 10_000 }]);
  fake.end(20);
  const [again] = run()(5_000);
  expect(again).toMatchObject({ birth: 10_000, inSegs: 900 });
  expect(again).not.toHaveProperty("fromZero");
});

test("a namespace whose processes are replaced one after another is the same to the next run", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 900 });
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  cycle(0);
  for (const [pid, uptimeMs] of [
    [21, START_MS + 15_000],
    [22, START_MS + 45_000],
  ] as const) {
    fake.start(pid, "a", { startMs: uptimeMs });
    cycle(30_000);
    fake.end(pid - 1);
  }
  cycle(30_000);
  const [again] = run()(5_000);
  expect(again).toMatchObject({ birth: 10_000, inSegs: 900 });
  expect(again).not.toHaveProperty("fromZero");
});

test("an inode whose processes all began after the last run is another namespace, a baseline", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 900 });
  fake.start(20, "a", { startMs: 10_000 });
  run()(0);
  fake.end(20);
  fake.start(21, "a", { startMs: START_MS + 60_000 });
  const [again] = run()(120_000);
  expect(again).toMatchObject({ birth: START_MS + 60_000 });
  expect(again).not.toHaveProperty("fromZero");
});

test.each([
  ["of another boot", JSON.stringify({ boot: "x", scanUptimeMs: 1, namespaces: [] }), 0],
  ["that is cut", '{"boot":', 1],
  ["of another form", JSON.stringify({ boot: BOOT, scanUptimeMs: 1, namespaces: [{}] }), 1],
])("a state %s counts as none", (_case, text, warnings) => {
  const { fake, run, stateDir, log } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  writeFileSync(join(stateDir, "namespaces.json"), text);
  expect(run()(0)).toHaveLength(1);
  expect(log.lines).toHaveLength(warnings);
});

test("a state that cannot be written is said, and the namespaces are sent all the same", () => {
  const { fake, run, stateDir, log } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  rmSync(stateDir, { recursive: true });
  expect(cycle(0)).toHaveLength(1);
  expect(log.lines.join()).toContain("cannot save namespaces.json");
});

test("with more than the most, those followed stay, then the oldest; the rest are counted", () => {
  const { fake, run, capability, capabilities } = setUp();
  fake.namespace("young");
  fake.start(20, "young", { startMs: 90_000 });
  const cycle = run({ max: 2 });
  cycle(0);
  fake.namespace("old");
  fake.namespace("older");
  fake.start(30, "old", { startMs: 50_000 });
  fake.start(40, "older", { startMs: 40_000 });
  expect(cycle(30_000).map(({ inode }) => inode)).toEqual([fake.inode("older")]);
  expect(capability("namespaces.limit")).toEqual({
    name: "namespaces.limit",
    available: false,
    reason: expect.stringContaining("more network namespaces beside the root than the 2 that are followed"),
  });
  const said = capabilities.list();
  fake.namespace("oldest");
  fake.start(50, "oldest", { startMs: 30_000 });
  cycle(30_000);
  // Sent again only when it says something else.
  expect(capabilities.list()).toBe(said);
  fake.end(20, 50);
  const [admitted] = cycle(30_000).filter(({ inode }) => inode === fake.inode("old"));
  expect(admitted).toBeDefined();
  expect(admitted).not.toHaveProperty("fromZero");
  expect(capability("namespaces.limit")).toEqual({ name: "namespaces.limit", available: true });
});

test("one that was over the limit when it was born is a baseline when it is admitted", () => {
  const { fake, run } = setUp();
  fake.namespace("first");
  fake.start(20, "first", { startMs: 90_000 });
  const cycle = run({ max: 1 });
  cycle(0);
  fake.namespace("second", { inSegs: 50 });
  fake.start(30, "second", { startMs: START_MS + 5_000 });
  cycle(30_000);
  fake.end(20);
  const [admitted] = cycle(30_000);
  expect(admitted).toMatchObject({ inode: fake.inode("second"), inSegs: 50 });
  expect(admitted).not.toHaveProperty("fromZero");
});
