import { join, resolve } from "node:path";
import type { Count } from "../../src/protocol/count.ts";
import type { WireListeners } from "../../src/protocol/message.ts";
import { rootNetDir } from "../host-facts.ts";
import { inodeOf as readInode } from "../namespaces/scan.ts";
import type { Timers } from "../timers.ts";
import { createListenerAggregate, type ListenerAggregate } from "./aggregate.ts";
import { busyEveryMs, type Cadence, isBusy, isHalfFull, QUIET, stirred } from "./cadence.ts";
import { childrenCpuMs, createChildCpu } from "./child-cpu.ts";
import { createOwners } from "./owner.ts";
import { createPartialLists, type PartialLists } from "./partial.ts";
import { type Privileges, readPrivileges } from "./privileges.ts";
import { readProcTcp } from "./read-proc-tcp.ts";
import { createSsRunner, type RunSs } from "./run-ss.ts";
import type { SeenListener } from "./seen.ts";
import { createShell } from "./shell.ts";
import { createListenerSource, type SetCapability, type Target } from "./source.ts";

/** The key of the host's root namespace; any other is the caller's own choice, such as its inode. */
export const ROOT = "root";

/** What a snapshot of a namespace says that concerns its listeners. */
export interface NamespaceReading {
  /** TcpExtListenDrops; null where the kernel has none. */
  readonly listenDrops: Count | null;
  /** TcpExtListenOverflows. */
  readonly listenOverflows: Count | null;
  /** A process that is in the namespace now, and the inode by which scan.ts knows it; not needed for the root. */
  readonly place?: { readonly pid: number; readonly inode: number };
  /** The interval between snapshots, when it may have changed. Only the root's counts. */
  readonly everyMs?: number;
}

/**
 * Watches the listening sockets of namespaces between their snapshots. For each snapshot of a namespace the
 * caller first calls `note` with its counters, and then `take`. Nothing here ever throws or waits.
 */
export interface ListenerWatch {
  start(): void;
  stop(): void;
  note(namespaceKey: string, reading: NamespaceReading): void;
  /** What was seen since the last call, and is news to the service (partial.ts); undefined when nothing was. */
  take(namespaceKey: string): WireListeners | undefined;
  /** The namespace is gone. */
  forget(namespaceKey: string): void;
  /**
   * Looks at the listeners of a namespace that was noted, or of the root, now: for a run that does not start.
   * Says whether there is reason to look again soon.
   */
  look(namespaceKey?: string): Promise<boolean>;
  /** CPU time of the children of this process in a cycle, in ms: from one snapshot of the root to the next. */
  childCpuMs(): number;
}

export interface ListenerWatchParts {
  readonly procfs: string;
  readonly everyMs: number;
  readonly timers: Timers;
  /** A clock that does not step, in ms. */
  readonly now: () => number;
  readonly setCapability: SetCapability;
  readonly runSs?: RunSs;
  readonly readProc?: (netDir: string) => readonly SeenListener[] | null;
  readonly inodeOf?: typeof readInode;
  readonly privileges?: Privileges;
}

/** Namespaces other than the root that are looked at in one round: at 6 ms each, what a round may cost. */
const FOREIGN_PER_ROUND = 8;
/** A quiet namespace is looked at this long before its next snapshot, so that what it says is fresh. */
const LEAD_MS = 500;

interface Watched {
  target: Target;
  /** Of the namespace; null for the root, which its folder names for good. */
  readonly inode: number | null;
  readonly aggregate: ListenerAggregate;
  readonly lists: PartialLists;
  cadence: Cadence;
  drops: Count | null;
  sampledAtMs: number;
  underWay: Promise<void> | null;
}

/**
 * Looks once an interval while quiet, each 2 s while a namespace drops or a queue was seen half full. Of the
 * namespaces other than the root, those that are busy and one more in rotation each interval, whether they
 * are entered with ss (privileged) or read by /proc/<pid>/net/tcp (any user).
 */
export function createListenerWatch(parts: ListenerWatchParts): ListenerWatch {
  const { procfs, timers, now, setCapability } = parts;
  const shell = createShell();
  const {
    runSs = createSsRunner(shell.execute),
    readProc = readProcTcp,
    inodeOf = readInode,
    privileges = readPrivileges(),
  } = parts;
  const source = createListenerSource({ runSs, readProc, mayEnter: privileges.enter, setCapability, now });
  const owners = createOwners({ procfs, now });
  const childCpu = createChildCpu(() => childrenCpuMs(shell.pid));
  const aborter = new AbortController();
  const root = watched(rootTarget(procfs), null);
  const all = new Map<string, Watched>([[ROOT, root]]);
  let { everyMs } = parts;
  let cancelQuiet = () => {};
  let cancelBusy: (() => void) | null = null;
  let started = false;
  setCapability("listeners.owners", privileges.owners, privileges.owners ? undefined : NO_OWNERS);

  async function lookAt(one: Watched): Promise<void> {
    one.underWay ??= sample(one).finally(() => {
      one.underWay = null;
    });
    await one.underWay;
  }

  async function sample(one: Watched): Promise<void> {
    const { target, inode } = one;
    one.sampledAtMs = now();
    const seen = await source.sample(target, aborter.signal);
    // By then the process may have gone and its pid be another's, and the sockets another namespace's.
    if (seen === null || (inode !== null && inodeOf(target.netDir) !== inode)) return;
    one.aggregate.add(seen);
    if (isHalfFull(seen)) one.cadence = stirred(one.cadence, now());
    if (privileges.owners) owners.look(one.aggregate.queuedInodes());
  }

  /** One after another: what is spawned side by side only competes for the same processors. */
  async function lookAtAll(round: readonly Watched[]): Promise<void> {
    for (const one of round) if (!aborter.signal.aborted) await lookAt(one);
    scheduleBusy();
  }

  function busyOnes(): Watched[] {
    const foreign = [...all.values()].filter((one) => one !== root && isBusy(one.cadence, now()));
    foreign.sort(longestUnseenFirst);
    const round = foreign.slice(0, FOREIGN_PER_ROUND);
    return isBusy(root.cadence, now()) ? [root, ...round] : round;
  }

  function quietRound(): void {
    const quiet = [...all.values()].filter((one) => !isBusy(one.cadence, now()));
    const inRotation = quiet.filter((one) => one !== root).sort(longestUnseenFirst);
    scheduleQuiet(everyMs);
    void lookAtAll([...quiet.filter((one) => one === root), ...inRotation.slice(0, 1)]);
    const alive = [...all.values()].map(({ aggregate }) => aggregate.inodes());
    owners.keep((inode) => alive.some((inodes) => inodes.has(inode)));
  }

  function busyRound(): void {
    cancelBusy = null;
    void lookAtAll(busyOnes());
  }

  function scheduleQuiet(ms: number): void {
    cancelQuiet();
    if (started) cancelQuiet = timers.after(ms, quietRound);
  }

  function scheduleBusy(): void {
    if (!started || cancelBusy !== null || busyOnes().length === 0) return;
    cancelBusy = timers.after(busyEveryMs(everyMs), busyRound);
  }

  function watchFor(key: string, { place }: NamespaceReading): Watched | undefined {
    const known = all.get(key);
    if (key === ROOT || place === undefined) return known;
    const { pid, inode } = place;
    const target = foreignTarget(procfs, pid);
    if (known === undefined) {
      const one = watched(target, inode);
      all.set(key, one);
      return one;
    }
    if (known.target.netDir !== target.netDir) known.target = target;
    return known;
  }

  return {
    start() {
      if (started || aborter.signal.aborted) return;
      started = true;
      quietRound();
    },
    stop() {
      started = false;
      aborter.abort();
      cancelQuiet();
      cancelBusy?.();
      cancelBusy = null;
    },
    note(key, reading) {
      const one = watchFor(key, reading);
      if (one === undefined) return;
      one.aggregate.noteOverflows(reading.listenOverflows);
      const { listenDrops } = reading;
      if (one.drops !== null && listenDrops !== null && listenDrops > one.drops) {
        one.cadence = stirred(one.cadence, now());
        scheduleBusy();
      }
      one.drops = listenDrops;
      if (one !== root) return;
      childCpu.cycle();
      everyMs = reading.everyMs ?? everyMs;
      scheduleQuiet(everyMs - Math.min(LEAD_MS, everyMs / 4));
    },
    take(key) {
      const one = all.get(key);
      const taken = one?.aggregate.take(owners.nameOf);
      return taken === undefined ? undefined : one?.lists.reduce(taken, now(), everyMs);
    },
    forget(key) {
      if (key !== ROOT) all.delete(key);
    },
    async look(key = ROOT) {
      const one = all.get(key);
      if (one === undefined) return false;
      await lookAt(one);
      return isBusy(one.cadence, now());
    },
    childCpuMs: childCpu.perCycleMs,
  };
}

const NO_OWNERS =
  "which process owns a listener is shown to root only: run the agent as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";

function watched(target: Target, inode: number | null): Watched {
  return {
    target,
    inode,
    aggregate: createListenerAggregate(),
    lists: createPartialLists(),
    cadence: QUIET,
    drops: null,
    sampledAtMs: Number.NEGATIVE_INFINITY,
    underWay: null,
  };
}

function longestUnseenFirst(a: Watched, b: Watched): number {
  return a.sampledAtMs === b.sampledAtMs ? 0 : a.sampledAtMs - b.sampledAtMs;
}

/** ss follows its reader: where the agent is not in the host's root namespace itself, it must go there. */
function rootTarget(procfs: string): Target {
  const netDir = rootNetDir(procfs);
  const own = resolve(procfs) === "/proc" || isSameNamespace("/proc/self/net", netDir);
  return { root: true, netDir, enter: own ? null : join(procfs, "1/ns/net") };
}

function foreignTarget(procfs: string, pid: number): Target {
  return {
    root: false,
    netDir: join(procfs, String(pid), "net"),
    enter: join(procfs, String(pid), "ns/net"),
  };
}

/** A namespace's netstat has one inode in every mount of procfs, and unlike ns/net any user may ask for it. */
function isSameNamespace(a: string, b: string): boolean {
  const inode = readInode(a);
  return typeof inode === "number" && inode === readInode(b);
}
