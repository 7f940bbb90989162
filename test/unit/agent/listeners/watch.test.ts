import { describe, expect, test } from "vitest";
import type { SsAnswer } from "../../../../agent/listeners/run-ss.ts";
import type { SeenListener } from "../../../../agent/listeners/seen.ts";
import { createListenerWatch, ROOT } from "../../../../agent/listeners/watch.ts";
import { diagDump } from "../support/diag.ts";
import { manualTimers } from "../support/manual-timers.ts";

const SECOND = 1_000;

function setUp({ enter = true, procfs = "/proc", everyMs = 10 * SECOND } = {}) {
  const timers = manualTimers();
  /** `inode`: of the namespace that every process but those of the root is in. */
  const state = { queue: 0, hang: false, inode: 7 };
  const runs: { readonly at: number; readonly where: string }[] = [];
  const capabilities: Record<string, boolean> = {};
  const listener = (): SsAnswer => ({
    kind: "output",
    output: diagDump([{ queue: state.queue }]),
  });
  const watch = createListenerWatch({
    procfs,
    everyMs,
    timers,
    now: timers.now,
    setCapability: (name, available) => {
      capabilities[name] = available;
    },
    runSs: (where, signal) => {
      runs.push({ at: timers.now(), where: where ?? "own" });
      if (!state.hang) return Promise.resolve(listener());
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(listener()));
      });
    },
    readProc: (where): SeenListener[] => {
      runs.push({ at: timers.now(), where });
      return [
        { address: "0.0.0.0", port: 80, inode: "17", acceptQueue: state.queue, limit: null, drops: null },
      ];
    },
    inodeOf: () => state.inode,
    privileges: { enter, owners: false },
  });
  /** Snapshots of the root each `everyMs`, as the sampler takes them. */
  async function snapshots(count: number, drops = () => 0) {
    const taken = [];
    for (let i = 0; i < count; i += 1) {
      await timers.advance(everyMs);
      watch.note(ROOT, { listenDrops: drops(), listenOverflows: 0, everyMs });
      taken.push(watch.take(ROOT));
    }
    return taken;
  }
  const times = (from: number) => runs.filter(({ at }) => at > from).map(({ at }) => (at - from) / SECOND);
  return { timers, state, runs, capabilities, watch, snapshots, times };
}

describe("the root", () => {
  test("while quiet: once an interval, shortly before its snapshot", async () => {
    const { watch, snapshots, times } = setUp();
    watch.start();
    expect((await snapshots(3)).map((seen) => seen?.samples)).toEqual([2, 1, 1]);
    expect(times(10 * SECOND)).toEqual([9.5, 19.5]);
  });

  test("each 2 s from the snapshot that saw drops, until a minute after the last", async () => {
    const { watch, snapshots, times } = setUp();
    watch.start();
    let drops = 0;
    await snapshots(1, () => drops);
    drops = 7;
    await snapshots(1, () => drops);
    const taken = await snapshots(8, () => drops);
    expect(taken.slice(0, 6).map((seen) => seen?.samples)).toEqual([5, 5, 5, 5, 5, 4]);
    expect(taken.slice(-1).map((seen) => seen?.samples)).toEqual([1]);
    expect(times(20 * SECOND).slice(0, 3)).toEqual([2, 4, 6]);
  });

  test("each 2 s after a queue was seen half full", async () => {
    const { watch, snapshots, state, times } = setUp();
    state.queue = 64;
    watch.start();
    await snapshots(1);
    expect(times(0).slice(0, 3)).toEqual([2, 4, 6]);
  });

  test("follows the interval that its snapshots name", async () => {
    const { watch, timers, times } = setUp();
    watch.start();
    watch.note(ROOT, { listenDrops: 0, listenOverflows: 0, everyMs: 60 * SECOND });
    await timers.advance(120 * SECOND);
    expect(times(0)).toEqual([59.5, 119.5]);
  });

  test("one that does not end is not started again", async () => {
    const { watch, snapshots, state, runs } = setUp();
    state.hang = true;
    watch.start();
    expect(await snapshots(3)).toEqual([undefined, undefined, undefined]);
    expect(runs).toHaveLength(1);
  });

  test("a stopped watch starts nothing, and gives up what is under way", async () => {
    const { watch, timers, state, runs } = setUp();
    state.hang = true;
    watch.start();
    watch.stop();
    watch.start();
    await timers.advance(60 * SECOND);
    expect(runs).toHaveLength(1);
    expect(watch.take(ROOT)).toBeUndefined();
  });

  test("one look, for an agent that runs once", async () => {
    const { watch, runs } = setUp();
    await watch.look();
    expect(watch.take(ROOT)).toMatchObject({
      source: "ss",
      samples: 1,
      sockets: [{ port: 80, inode: "17" }],
    });
    expect(runs).toEqual([{ at: 0, where: "own" }]);
  });

  test("from a namespace that is not the host's, it is entered", async () => {
    const { watch, runs } = setUp({ procfs: "/nowhere/proc" });
    await watch.look();
    expect(runs).toEqual([{ at: 0, where: "/nowhere/proc/1/ns/net" }]);
  });

  test("from there without privileges, it is read", async () => {
    const { watch, runs, capabilities } = setUp({ procfs: "/nowhere/proc", enter: false });
    await watch.look();
    expect(runs).toEqual([{ at: 0, where: "/nowhere/proc/1/net" }]);
    expect(capabilities).toEqual({ listeners: true, "listeners.limits": false, "listeners.owners": false });
  });
});

describe.each([
  ["privileged", true, "ns/net", "ss"],
  ["as a plain user", false, "net", "proc"],
])("other namespaces, %s", (_who, enter, folder, source) => {
  const quiet = { listenDrops: 0, listenOverflows: 0 };
  const at = (pid: number) => ({ place: { pid, inode: 7 } });
  const where = (pid: number) => `/proc/${pid}/${folder}`;

  test("one each interval in rotation", async () => {
    const { watch, snapshots, runs } = setUp({ enter });
    for (const pid of [11, 12, 13]) watch.note(`pod-${pid}`, { ...quiet, ...at(pid) });
    watch.start();
    await snapshots(5);
    const foreign = runs.filter(({ where }) => where !== "own").map(({ where }) => where);
    expect(foreign).toEqual([11, 12, 13, 11, 12, 13].slice(0, foreign.length).map(where));
    expect(foreign.length).toBeGreaterThanOrEqual(5);
    expect(watch.take("pod-11")).toMatchObject({ source, sockets: [{ port: 80 }] });
  });

  test("where drops moved, each 2 s, but only so many in a round", async () => {
    const { watch, timers, runs } = setUp({ enter });
    const pids = Array.from({ length: 20 }, (_, i) => i + 100);
    for (const listenDrops of [0, 5]) {
      for (const pid of pids) watch.note(`pod-${pid}`, { ...quiet, listenDrops, ...at(pid) });
    }
    watch.start();
    await timers.advance(6 * SECOND);
    const rounds = [2, 4, 6].map((at) => runs.filter((run) => run.at === at * SECOND && run.where !== "own"));
    expect(rounds.map((round) => round.length)).toEqual([8, 8, 8]);
    expect(new Set(rounds.flat().map(({ where }) => where)).size).toBe(20);
  });

  test("one that is gone is forgotten; the root never is", async () => {
    const { watch, snapshots, runs } = setUp({ enter });
    watch.note("pod", { ...quiet, ...at(11) });
    watch.start();
    await snapshots(1);
    watch.forget("pod");
    watch.forget(ROOT);
    expect(watch.take("pod")).toBeUndefined();
    const before = runs.length;
    expect((await snapshots(2)).every((seen) => seen !== undefined)).toBe(true);
    expect(new Set(runs.slice(before).map(({ where }) => where))).toEqual(new Set(["own"]));
  });

  test("what was seen through a pid that is another's now is not of this one", async () => {
    const { watch, state, runs } = setUp({ enter });
    watch.note("pod", { ...quiet, ...at(11) });
    state.inode = 8;
    await watch.look("pod");
    expect(runs.map(({ where }) => where)).toEqual([where(11)]);
    expect(watch.take("pod")).toBeUndefined();
    state.inode = 7;
    await watch.look("pod");
    expect(watch.take("pod")).toMatchObject({ source, sockets: [{ port: 80 }] });
  });

  test("is seen through another process when the one known has ended", async () => {
    const { watch, snapshots, runs } = setUp({ enter });
    watch.note("pod", { ...quiet, ...at(11) });
    watch.note("pod", { ...quiet, ...at(22) });
    watch.start();
    await snapshots(1);
    expect(runs.map(({ where }) => where)).toContain(where(22));
    expect(runs.map(({ where }) => where)).not.toContain(where(11));
  });
});

test("a namespace that was never noted has nothing, and neither has a foreign one without a process", () => {
  const { watch } = setUp();
  watch.note("pod", { listenDrops: 0, listenOverflows: 0 });
  expect(watch.take("pod")).toBeUndefined();
  expect(watch.childCpuMs()).toBeGreaterThanOrEqual(0);
});
