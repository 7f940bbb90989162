import { expect, onTestFinished, test } from "vitest";
import { createCapabilities } from "../../../agent/capabilities.ts";
import type { Host } from "../../../agent/host.ts";
import type { SeenListener } from "../../../agent/listeners/seen.ts";
import { type LookedNamespace, lookAtHost } from "../../../agent/look.ts";
import type { Timers } from "../../../agent/timers.ts";
import { BOOT, makeProcfs, temporaryFolder } from "./support/procfs.ts";

/** Time passes only while somebody waits for it. */
function fakeTime(): { readonly timers: Timers; readonly now: () => number } {
  let nowMs = 1_000;
  return {
    now: () => nowMs,
    timers: {
      after(ms, callback) {
        nowMs += ms;
        queueMicrotask(callback);
        return () => undefined;
      },
    },
  };
}

/** A host whose counters are those of the scrapes, one after another. */
function hostOf(...scrapes: Readonly<Record<string, number | bigint | null>>[]): Host {
  return {
    facts: { boot: BOOT, kernel: "6.18.44", arch: "x86_64", wordSize: 64 },
    uptimeMs: () => 5_000,
    read() {
      const scrape = (scrapes.length > 1 ? scrapes.shift() : scrapes[0]) ?? {};
      return {
        scrape: { names: Object.keys(scrape), values: Object.values(scrape), failures: [] },
        uptimeMs: 5_000,
      };
    },
  };
}

function look(
  host: Host,
  readProc: (netDir: string) => readonly SeenListener[] | null,
  namespaces: readonly LookedNamespace[] = [],
) {
  return lookAtHost({
    name: "web-1",
    labels: {},
    procfs: makeProcfs(temporaryFolder(onTestFinished), "6.18.44"),
    host,
    capabilities: createCapabilities(),
    namespaces,
    ...fakeTime(),
    listening: {
      runSs: async () => ({ kind: "absent", program: "ss" }),
      readProc,
      inodeOf: (netDir) => Number(netDir.split("/").at(-2)),
      privileges: { enter: true, owners: false },
    },
  });
}

test("changes are those of a second reading, a second later", async () => {
  const top = 2n ** 64n - 1n;
  const host = hostOf(
    { IpInReceives: 5, TcpCurrEstab: 4, Big: top - 3n, Gone: null },
    { IpInReceives: 17, TcpCurrEstab: 3, Big: top, Gone: 1, New: 9 },
  );
  const { changes, changeMs, scrape } = await look(host, () => null);
  expect(scrape.values).toEqual([17, 3, top, 1, 9]);
  expect(changes).toEqual([12, -1, 3, null, null]);
  expect(changeMs).toBe(1_000);
});

test("a queue that stood still while the namespace overflowed is advised about by its inferred limit", async () => {
  const host = hostOf(
    { TcpExtListenOverflows: 1, TcpExtListenDrops: 1 },
    { TcpExtListenOverflows: 4, TcpExtListenDrops: 4 },
  );
  const stuck = { address: "::", port: 80, inode: "7", acceptQueue: 5, limit: null, drops: null };
  const { listeners } = await look(host, () => [stuck]);
  expect(listeners).toMatchObject({ source: "proc", samples: 5 });
  expect(listeners?.sockets).toMatchObject([
    { port: 80, limit: 4, limitInferred: true, samplesFull: 5, advice: expect.stringContaining("5 of 5") },
  ]);
});

test("what cannot be seen is among the capabilities, with the way to let it", async () => {
  const { listeners, capabilities } = await look(hostOf({}), () => null);
  expect(listeners).toBeUndefined();
  const reasons = Object.fromEntries(capabilities.map(({ name, reason }) => [name, reason]));
  expect(reasons["listeners.owners"]).toContain("run the agent as root");
  expect(reasons["listeners.limits"]).toContain("install");
  expect(reasons.sysctls).toContain("the agent is not in the host's");
});

/** A namespace whose readings are these, one after another; then it is gone. */
function namespaceOf(pid: number, ...drops: number[]): LookedNamespace {
  return {
    key: `ns-${pid}`,
    wire: { kind: "other", inode: String(pid), birth: 1 },
    read() {
      const value = drops.shift();
      return value === undefined ? null : { names: ["TcpExtListenDrops"], values: [value], pid };
    },
  };
}

test("other namespaces come with their changes and listeners; one that ended meanwhile does not", async () => {
  const looks: string[] = [];
  const readProc = (netDir: string) => {
    const pid = netDir.split("/").at(-2) ?? "";
    looks.push(pid);
    const acceptQueue = pid === "20" ? 3 : 0;
    return [{ address: "::", port: Number(pid), inode: pid, acceptQueue, limit: null, drops: null }];
  };
  const others = [namespaceOf(20, 5, 9), namespaceOf(30, 0, 0), namespaceOf(40, 1), namespaceOf(50)];
  const { namespaces } = await look(hostOf({ TcpExtListenDrops: 0 }), readProc, others);
  expect(namespaces).toMatchObject([
    { pid: 20, values: [9], changes: [4], listeners: { samples: 5, sockets: [{ port: 20, peakQueue: 3 }] } },
    { pid: 30, values: [0], changes: [0], listeners: { samples: 1, sockets: [{ port: 30 }] } },
  ]);
  // A quiet one costs one look, the busy one is looked at as often as the root.
  expect(looks.filter((pid) => pid === "40")).toHaveLength(1);
  expect(looks.filter((pid) => pid === "50")).toHaveLength(0);
});
