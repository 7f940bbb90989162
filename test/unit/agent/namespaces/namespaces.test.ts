import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createCapabilities } from "../../../../agent/capabilities.ts";
import { netstat } from "../../../../agent/collectors/netstat.ts";
import { snmp } from "../../../../agent/collectors/snmp.ts";
import { createSeldomLog } from "../../../../agent/log.ts";
import { DIAGNOSIS_COUNTERS } from "../../../../agent/namespaces/diagnosis-counters.ts";
import { createNamespaceFinder, type NamespaceFinderParts } from "../../../../agent/namespaces/finder.ts";
import { judgeRoot } from "../../../../agent/namespaces/root.ts";
import { createNamespaceSampler } from "../../../../agent/namespaces/sampler.ts";
import { scanNamespaces } from "../../../../agent/namespaces/scan.ts";
import { openNamespaceMemory } from "../../../../agent/namespaces/state.ts";
import type { QueuedSnapshot } from "../../../../agent/snapshot.ts";
import { makeFakeProcfs } from "../support/fake-namespaces.ts";
import { recordingLog } from "../support/log.ts";
import { BOOT, temporaryFolder } from "../support/procfs.ts";
import { EPOCH } from "../support/snapshots.ts";

const ID = "3f4b7c1e9d0a4f6c8b2e5d7a1c3f9e0b4d6a8c2e1f3b5d7a9c0e2f4b6d8a1c3e";
const START_MS = 100_000;

function setUp() {
  const folder = temporaryFolder(onTestFinished);
  const stateDir = join(folder, "state");
  mkdirSync(stateDir);
  const fake = makeFakeProcfs(folder);
  const capabilities = createCapabilities();
  const log = recordingLog();
  let nowMs = START_MS;
  /** A run of the agent: gives what it sends at each cycle of 10 s. */
  const run = (more: Partial<NamespaceFinderParts> = {}) => {
    const seldom = createSeldomLog(60_000, () => nowMs);
    const parts = {
      procfs: fake.procfs,
      collectors: [snmp, netstat],
      counters: "diagnosis" as const,
      uptimeMs: () => nowMs,
      ...more,
    };
    const finder = createNamespaceFinder({
      boot: BOOT,
      namespaces: "all",
      scanMs: 30_000,
      max: 200,
      capabilities,
      memory: openNamespaceMemory(stateDir, BOOT, log, seldom),
      ...parts,
    });
    const stamp = (uptimeMs: number) => ({ epoch: EPOCH, at: 1_795_000_000_000 + uptimeMs });
    const sample = createNamespaceSampler({ ...parts, finder, timekeeper: { stamp }, log, seldom });
    return (afterMs: number) => {
      nowMs += afterMs;
      return sample(10_000).map(shown);
    };
  };
  const capability = (name: string) => capabilities.list().find((one) => one.name === name);
  return { fake, run, stateDir, log, capabilities, capability, now: () => nowMs };
}

/** What matters of a snapshot. */
function shown({ namespace, layout, json }: QueuedSnapshot) {
  const { uptimeMs, everyMs, fromZero, values } = JSON.parse(json);
  const value = (name: string) => values[layout.names.indexOf(name)];
  return {
    inode: namespace?.inode,
    birth: namespace?.birth,
    kind: namespace?.kind,
    uptimeMs,
    everyMs,
    ...(fromZero === undefined ? {} : { fromZero }),
    inSegs: value("TcpInSegs"),
    overflows: value("TcpExtListenOverflows"),
  };
}

const identityOf = ({ inode, birth }: ReturnType<typeof shown>) => `${inode} ${birth}`;

test("each namespace but the root is read once, under its inode and the birth of its oldest process", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 5 });
  fake.namespace("b", { overflows: 9 });
  fake.start(30, "a", { startMs: 50_000 });
  fake.start(20, "a", { startMs: 60_000 });
  fake.start(40, "b", { startMs: 70_000, cgroup: `0::/docker/${ID}\n` });
  fake.start(50, "root", { startMs: 1 });
  expect(run()(0)).toEqual([
    {
      inode: fake.inode("a"),
      birth: 50_000,
      kind: "other",
      uptimeMs: START_MS,
      everyMs: 60_000,
      inSegs: 5,
      overflows: 0,
    },
    {
      inode: fake.inode("b"),
      birth: 70_000,
      kind: "container",
      uptimeMs: START_MS,
      everyMs: 60_000,
      inSegs: 0,
      overflows: 9,
    },
  ]);
});

test("whose it is comes from the cgroup of its oldest process", () => {
  const { fake, run, stateDir } = setUp();
  fake.namespace("a");
  fake.namespace("b");
  fake.start(20, "a", { startMs: 10_000, cgroup: `0::/system.slice/docker-${ID}.scope\n` });
  fake.start(30, "b", { startMs: 20_000, cgroup: "0::/system.slice/redis.service\n", comm: "redis-server" });
  run()(0);
  const saved = JSON.parse(readFileSync(join(stateDir, "namespaces.json"), "utf8"));
  expect(saved.namespaces.map(({ facts }: { facts: unknown }) => facts)).toEqual(
    expect.arrayContaining([
      { kind: "container", containerId: ID, labels: { runtime: "docker", container: ID.slice(0, 12) } },
      { kind: "other", name: "redis.service", labels: { process: "redis-server" } },
    ]),
  );
});

test("by default it sends the counters of diagnosis, with all: every one, none of which is the host's", () => {
  const { fake, run } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  const names: (readonly string[])[] = [];
  const seen = (counters: "diagnosis" | "all") => {
    const host = {
      name: "sockstat",
      collect: () => ({ names: ["SockstatTCPMem", "SockstatTCPInuse"], values: [9, 1] }),
    };
    const parts = {
      procfs: fake.procfs,
      collectors: [snmp, netstat, host],
      counters,
      uptimeMs: () => START_MS,
    };
    const sample = createNamespaceSampler({
      ...parts,
      finder: createNamespaceFinder({
        ...{ ...parts, boot: BOOT, namespaces: "all", scanMs: 30_000, max: 9 },
        capabilities: createCapabilities(),
      }),
      timekeeper: { stamp: (uptimeMs: number) => ({ epoch: EPOCH, at: uptimeMs }) },
      log: recordingLog(),
      seldom: createSeldomLog(60_000, () => 0),
    });
    return sample(10_000)[0]?.layout.names ?? [];
  };
  names.push(seen("diagnosis"), seen("all"));
  expect(names).toEqual([
    DIAGNOSIS_COUNTERS,
    [
      "TcpCurrEstab",
      "TcpInSegs",
      "TcpOutSegs",
      "TcpExtListenOverflows",
      "TcpExtListenDrops",
      "SockstatTCPInuse",
    ],
  ]);
  expect(run({ counters: "all" })(0)).toHaveLength(1);
  expect(DIAGNOSIS_COUNTERS).not.toContain("SockstatTCPMem");
  expect(new Set(DIAGNOSIS_COUNTERS).size).toBe(DIAGNOSIS_COUNTERS.length);
});

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

test("one that was there before the agent is a baseline", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 300 });
  fake.start(20, "a", { startMs: START_MS - 10 });
  expect(run()(0)[0]).not.toHaveProperty("fromZero");
});

test("when the process it is read through has gone, another of it serves", () => {
  const { fake, run } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  fake.start(30, "a", { startMs: 20_000 });
  const cycle = run();
  const [first] = cycle(0);
  fake.end(20);
  fake.namespace("a", { inSegs: 1 });
  const second = cycle(10_000);
  expect(second).toMatchObject([{ birth: 10_000, inSegs: 1 }]);
  expect(second.map(identityOf)).toEqual(first === undefined ? [] : [identityOf(first)]);
});

test("a pid that is now in another namespace is not read for the one it was in", () => {
  const { fake, run } = setUp();
  fake.namespace("a", { inSegs: 1 });
  fake.start(20, "a", { startMs: 10_000 });
  const cycle = run();
  cycle(0);
  fake.end(20);
  fake.namespace("b", { inSegs: 100 });
  fake.start(20, "b", { startMs: START_MS + 5_000 });
  expect(cycle(10_000)).toEqual([]);
});

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
  const { fake, run, capability } = setUp();
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
    reason: expect.stringContaining("3 network namespaces beside the root and 2 are followed"),
  });
  fake.end(20);
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

test("with the root alone asked for, nothing else is looked at, and it is said", () => {
  const { fake, run, capability } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  expect(run({ namespaces: "root" })(0)).toEqual([]);
  expect(capability("namespaces")).toMatchObject({
    available: false,
    reason: expect.stringMatching(/asked for/),
  });
});

test("settings of other namespaces are said to be unknown, once there is one", () => {
  const { fake, run, capability } = setUp();
  const cycle = run();
  cycle(0);
  expect(capability("sysctls.namespaces")).toEqual({ name: "sysctls.namespaces", available: true });
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  cycle(30_000);
  expect(capability("sysctls.namespaces")?.available).toBe(false);
});

test("names in /proc that are no processes, zombies and processes that end are passed over", () => {
  const { fake } = setUp();
  for (const name of ["self", "sys", "77/net"]) mkdirSync(join(fake.procfs, name), { recursive: true });
  expect(scanNamespaces(fake.procfs)).toMatchObject({ processes: 2, refused: 0, sawInit: true });
});

test("a procfs that lists no process 1 hides those of others (hidepid=2)", () => {
  const { fake } = setUp();
  fake.end(1);
  expect(scanNamespaces(fake.procfs)).toMatchObject({ processes: 0, sawInit: false });
});

test.runIf(process.getuid?.() === 0)("processes that may not be looked at are counted (hidepid=1)", () => {
  const { fake, run, capability } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  const folder = join(fake.procfs, "20");
  const cycle = run();
  // Modes do not bind root, so for a moment this process is nobody.
  const seen = asNobody(folder, () => scanNamespaces(fake.procfs));
  expect(seen).toMatchObject({ processes: 2, refused: 1 });
  asNobody(folder, () => cycle(0));
  expect(capability("namespaces")).toMatchObject({
    available: false,
    reason: expect.stringContaining("hidepid: 1 of 2 processes may not be looked at"),
  });
});

function asNobody<T>(closed: string, act: () => T): T {
  const open = join(closed, "../..");
  chmodSync(open, 0o755);
  chmodSync(closed, 0o700);
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

test("the root of another procfs is its process 1, and without one there is none", () => {
  const { fake, capability, capabilities } = setUp();
  judgeRoot(fake.procfs, capabilities);
  expect(capability("root")).toEqual({ name: "root", available: true });
  fake.end(1);
  judgeRoot(fake.procfs, capabilities);
  expect(capability("root")).toMatchObject({
    available: false,
    reason: expect.stringContaining("no process 1 is to be seen"),
  });
});

test.each([
  ["the first pid namespace", () => "pid:[4026531836]", true],
  ["a pid namespace of a container", () => "pid:[4026532201]", false],
  [
    "one that cannot be told",
    () => {
      throw new Error("EACCES");
    },
    false,
  ],
])("in %s, the root is judged by it", (_case, pidNamespace, available) => {
  const { capability, capabilities } = setUp();
  judgeRoot("/proc", capabilities, pidNamespace);
  // A test that runs without the host's network is not in the root namespace anyway.
  if (!available) expect(capability("root")?.available).toBe(false);
  else expect(capability("root")?.reason ?? "").not.toContain("processes of its own");
});
