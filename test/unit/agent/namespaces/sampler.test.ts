/** What is sent of each namespace, and under which name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCapabilities } from "../../../../agent/capabilities.ts";
import { netstat } from "../../../../agent/collectors/netstat.ts";
import { snmp } from "../../../../agent/collectors/snmp.ts";
import { createSeldomLog } from "../../../../agent/log.ts";
import { DIAGNOSIS_COUNTERS } from "../../../../agent/namespaces/diagnosis-counters.ts";
import { createNamespaceFinder } from "../../../../agent/namespaces/finder.ts";
import { createNamespaceSampler } from "../../../../agent/namespaces/sampler.ts";
import { recordingLog } from "../support/log.ts";
import { START_MS, setUp } from "../support/namespace-runs.ts";
import { BOOT } from "../support/procfs.ts";
import { EPOCH } from "../support/snapshots.ts";

const ID = "3f4b7c1e9d0a4f6c8b2e5d7a1c3f9e0b4d6a8c2e1f3b5d7a9c0e2f4b6d8a1c3e";

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

test("when the process it is read through has gone, another of it serves", () => {
  const { fake, run } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  fake.start(30, "a", { startMs: 20_000 });
  const cycle = run();
  cycle(0);
  fake.end(20);
  fake.namespace("a", { inSegs: 1 });
  expect(cycle(10_000)).toMatchObject([{ inode: fake.inode("a"), birth: 10_000, inSegs: 1 }]);
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
