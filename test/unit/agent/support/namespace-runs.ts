import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createCapabilities } from "../../../../agent/capabilities.ts";
import { netstat } from "../../../../agent/collectors/netstat.ts";
import { snmp } from "../../../../agent/collectors/snmp.ts";
import { createSeldomLog } from "../../../../agent/log.ts";
import { createNamespaceFinder, type NamespaceFinderParts } from "../../../../agent/namespaces/finder.ts";
import { createNamespaceSampler } from "../../../../agent/namespaces/sampler.ts";
import { openNamespaceMemory } from "../../../../agent/namespaces/state.ts";
import type { QueuedSnapshot } from "../../../../agent/snapshot.ts";
import { makeFakeProcfs } from "./fake-namespaces.ts";
import { recordingLog } from "./log.ts";
import { BOOT, temporaryFolder } from "./procfs.ts";
import { EPOCH } from "./snapshots.ts";

/** Uptime at the first cycle of a run. */
export const START_MS = 100_000;

/** A procfs with network namespaces, and runs of the agent that watch them. */
export function setUp() {
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
  return { fake, run, stateDir, log, capabilities, capability };
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
