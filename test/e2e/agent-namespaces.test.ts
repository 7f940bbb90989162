/**
 * Network namespaces on the real kernel: each that a process is in comes out as one of the host's namespaces
 * with exactly its own overflows, through the real agent, service and GraphQL.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  canUnshare,
  type HeldNamespace,
  isRoot,
  mountNamespace,
  type SeenNamespaces,
  Started,
  watchMachine,
} from "../support/namespaces.ts";
import { firstLine, readCounter, script } from "../support/network.ts";
import { waitFor } from "../support/wait.ts";

const NOBODY = 65_534;
/** On a machine so busy that a namespace takes half of the time between two scans to be entered, one in a million fails. */
const TRIES = 20;
/**
 * A plain user cannot tell a new namespace from one that a mount keeps: docker and `ip netns` make such, and so
 * may another test on this machine.
 */
const somethingIsMounted = () => / net:\[[0-9]+\] .* - nsfs /.test(readFileSync("/proc/1/mountinfo", "utf8"));

async function followNamespaces(uid: number | null): Promise<void> {
  const started = new Started();
  try {
    const machine = await watchMachine(uid, started);
    const first = await machine.hold("a");
    const second = await machine.hold("b");
    // What was counted before the agent came is none of the increases.
    await second.overflow(3);
    const before = {
      overflows: readCounter(second.pid, "ListenOverflows"),
      drops: readCounter(second.pid, "ListenDrops"),
    };
    let agent = machine.startAgent();
    await machine.settled(
      "both namespaces and the root",
      (now) => now.has("ROOT") && now.has(first.process) && now.has(second.process),
    );

    const truth = { first: await first.overflow(5), second: (await second.overflow(18)) - before.overflows };
    // Born under the agent's eyes: all of it counts, what happened before its first snapshot too.
    const third = await machine.hold("c");
    if (uid !== null && somethingIsMounted()) {
      await machine.settled("the third namespace", (now) => now.has(third.process));
    }
    const thirdTruth = await third.overflow(9);
    expect(new Set([truth.first, truth.second]).size).toBe(2);
    const expected = () => [
      [first.process, "OTHER", String(truth.first), String(readCounter(first.pid, "ListenDrops"))],
      [
        second.process,
        "OTHER",
        String(truth.second),
        String(readCounter(second.pid, "ListenDrops") - before.drops),
      ],
      [third.process, "OTHER", String(thirdTruth), String(readCounter(third.pid, "ListenDrops"))],
    ];
    const shown = (now: SeenNamespaces) =>
      [...now]
        .filter(([name]) => name !== "ROOT")
        .map(([name, { kind, overflows, drops }]) => [name, kind, overflows, drops])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    const isExact = (now: SeenNamespaces) => JSON.stringify(shown(now)) === JSON.stringify(expected());
    await machine.settled("each with its own counters", isExact);

    const host = await machine.host("sysctls capabilities { name available }");
    // The agent runs where this test does, so these are the settings of the same namespace.
    expect(host?.sysctls).toMatchObject({
      "net.core.somaxconn": readFileSync("/proc/sys/net/core/somaxconn", "utf8").trim(),
      "net.ipv4.ip_local_port_range": expect.stringMatching(/^[0-9]+ [0-9]+$/),
    });
    expect(host?.capabilities).toEqual(
      expect.arrayContaining([
        { name: "namespaces", available: true },
        { name: "sysctls", available: true },
        { name: "sysctls.namespaces", available: false },
      ]),
    );

    agent.kill("SIGTERM");
    await waitFor("the agent's end", () => agent.exitCode !== null);
    const restartedAt = new Date().toISOString();
    agent = machine.startAgent();
    const seen = await machine.settled("all three after the agent's restart, with nothing added", (now) => {
      const again = [...now].every(([, { lastSeen }]) => lastSeen > restartedAt);
      return again && isExact(now);
    });
    expect(shown(seen)).toEqual(expected());

    // Counted on across the restart, under the same identities.
    truth.first = await first.overflow(4);
    await machine.settled("what came after the restart", isExact);
  } finally {
    await started.end();
  }
}

test.runIf(canUnshare)("two namespaces with different overflows are two, each with its own counters", () =>
  followNamespaces(null),
);

test.runIf(canUnshare && isRoot)("the same seen by an agent that runs as a plain user", () =>
  followNamespaces(NOBODY),
);

/** A namespace that a mount kept without a process has counted long before anybody watched. */
async function enterMounted(uid: number | null): Promise<void> {
  const started = new Started();
  try {
    const machine = await watchMachine(uid, started);
    const { tag, hold } = machine;
    const isSeen = (one: HeldNamespace) => (now: SeenNamespaces) => now.has(one.process);
    const enterOld = mountNamespace(`spw-old-${tag}`, started);
    const before = await hold("x", enterOld);
    const history = await before.overflow(30);
    await before.leave();

    machine.startAgent();
    await machine.settled("the root", (now) => now.has("ROOT"));
    const old = await hold("o", enterOld);
    expect(readCounter(old.pid, "ListenOverflows")).toBe(history);
    await machine.settled("the old namespace", isSeen(old));
    const oldTruth = (await old.overflow(6)) - history;

    await machine.settled("what happened in it since, and none of what was before", (now) => {
      return now.get(old.process)?.overflows === String(oldTruth);
    });

    // One that is made and entered between two scans counts from 0; with a scan in between it is as old as that.
    let countedAll = false;
    for (let i = 0; i < TRIES && !countedAll; i += 1) {
      const young = await hold(`y${i}`, mountNamespace(`spw-new${i}-${tag}`, started));
      const atOnce = await young.overflow(9);
      await machine.settled("the new namespace", isSeen(young));
      const truth = await young.overflow(4);
      const possible = [truth, truth - atOnce];
      const now = await machine.settled("its increase since it was made, or since it was seen", (now) =>
        possible.some((count) => now.get(young.process)?.overflows === String(count)),
      );
      countedAll = now.get(young.process)?.overflows === String(truth);
      // To a plain user it may be one of the mounted ones, however old, so when it is seen decides.
      if (uid !== null) break;
    }
    if (uid === null) expect(countedAll).toBe(true);
    const host = await machine.host("capabilities { name available }");
    expect(host?.capabilities).toContainEqual({ name: "namespaces.births", available: uid === null });
  } finally {
    await started.end();
  }
}

test.runIf(isRoot)("a namespace of ip netns that is entered later brings none of its history", () =>
  enterMounted(null),
);

test.runIf(isRoot)("nor does it where a plain user watches", () => enterMounted(NOBODY));

test.runIf(canUnshare)("--once pushes every namespace with its listeners, run after run", async () => {
  const started = new Started();
  try {
    const machine = await watchMachine(null, started);
    const held = await machine.hold("1");
    const port = Number(await firstLine(held.node(script("listener"), "127.0.0.1", "77")));
    const runOnce = async () => {
      const agent = machine.startAgent("--once");
      const [code] = await once(agent, "exit");
      expect(code).toBe(0);
    };
    await runOnce();
    await machine.settled("the root and the other", (now) => now.has("ROOT") && now.has(held.process));
    // A machine that is short of time may let ss run into its deadline; the next run sees the limit.
    await waitFor(
      "its listener",
      async () => {
        const host = await machine.host("listeners { port backlog namespace { kind labels } }");
        const listeners: readonly { port: number; backlog: number; namespace: unknown }[] =
          host?.listeners ?? [];
        const seen = listeners.find((one) => one.port === port && one.backlog === 77);
        if (seen === undefined) await runOnce();
        else {
          const labels = expect.objectContaining({ process: held.process });
          expect(seen.namespace).toEqual({ kind: "OTHER", labels });
        }
        return seen !== undefined;
      },
      { timeoutMs: 60_000 },
    );
    const truth = await held.overflow(8);
    await runOnce();
    await machine.settled("the increase from run to run", (now) => {
      return now.get(held.process)?.overflows === String(truth);
    });
  } finally {
    await started.end();
  }
});
