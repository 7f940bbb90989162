import type { Count } from "../../src/protocol/count.ts";
import { LIMITS } from "../../src/protocol/limits.ts";
import type { WireListener, WireListeners } from "../../src/protocol/message.ts";
import { sendable } from "../text.ts";
import { type ListenerSample, type SeenListener, socketKey } from "./seen.ts";

/** A queue must stand this often at the same length before its limit is inferred from it. */
const PINNED_SAMPLES = 5;
/** Sockets kept for a snapshot that is long in coming, in a namespace where they come and go. */
const KEPT_SOCKETS = 2 * LIMITS.listenersPerSnapshot;

/** Collects the samples of one namespace, and gives what was seen since the snapshot before. */
export interface ListenerAggregate {
  add(sample: ListenerSample): void;
  /** ListenOverflows of the namespace at a snapshot; null where the kernel has none. */
  noteOverflows(count: Count | null): void;
  /**
   * What was seen since the last call, the fullest first; undefined when there was no sample. Of those that are closed
   * only what had a queue or drops: there is nothing to tell of the others, and they are no listeners any more.
   */
  take(ownerOf: (inode: string) => string | undefined): WireListeners | undefined;
  /** Sockets of the newest sample, and those of them whose queue was ever above 0. */
  inodes(): ReadonlySet<string>;
  queuedInodes(): readonly string[];
}

/** What is known of a socket for as long as it is there. */
interface Life {
  everQueued: boolean;
  /** How long its queue has stood at one length. */
  pinned: { readonly queue: number; samples: number; overflows: Count | null };
  inferred: number | null;
}

/** What was seen of a socket since the last snapshot. */
interface Window {
  readonly life: Life;
  newest: SeenListener;
  limit: number | null;
  drops: number | null;
  peak: number;
  /** Samples at which the queue was as long as at its peak. */
  atPeak: number;
  full: number;
}

export function createListenerAggregate(): ListenerAggregate {
  let lives = new Map<string, Life>();
  let windows = new Map<string, Window>();
  let alive: ReadonlySet<string> = new Set();
  let queued: readonly string[] = [];
  let samples = 0;
  let bySs = false;
  let overflows: Count | null = null;

  function see(socket: SeenListener, key: string): Life {
    const { acceptQueue, limit, drops } = socket;
    const life = lives.get(key) ?? newLife(acceptQueue, overflows);
    follow(life, acceptQueue, overflows);
    const window = windows.get(key);
    if (window === undefined) {
      const full = isFull(acceptQueue, limit) ? 1 : 0;
      windows.set(key, { life, newest: socket, limit, drops, peak: acceptQueue, atPeak: 1, full });
      return life;
    }
    window.newest = socket;
    // A sample by /proc between two by ss does not unsay what those have seen.
    window.limit = limit ?? window.limit;
    window.drops = drops ?? window.drops;
    if (isFull(acceptQueue, window.limit)) window.full += 1;
    if (acceptQueue > window.peak) [window.peak, window.atPeak] = [acceptQueue, 1];
    else if (acceptQueue === window.peak) window.atPeak += 1;
    return life;
  }

  return {
    add({ source, sockets }) {
      samples += 1;
      bySs ||= source === "ss";
      const next = new Map<string, Life>();
      for (const socket of sockets) {
        const key = socketKey(socket);
        next.set(key, see(socket, key));
      }
      lives = next;
      if (windows.size > KEPT_SOCKETS) {
        for (const key of windows.keys()) if (!next.has(key)) windows.delete(key);
      }
      alive = new Set(sockets.map(({ inode }) => inode));
      queued = sockets.filter((one) => next.get(socketKey(one))?.everQueued).map(({ inode }) => inode);
    },
    noteOverflows(count) {
      overflows = count;
      for (const { pinned } of lives.values()) pinned.overflows ??= count;
    },
    take(ownerOf) {
      if (samples === 0) return undefined;
      const seen = [...windows].flatMap(([key, window]) =>
        lives.has(key) || isTold(window) ? [window] : [],
      );
      inferLimits(seen, overflows);
      const sockets = seen.map((window) => wireListener(window, ownerOf(window.newest.inode)));
      sockets.sort(fullestFirst);
      const taken: WireListeners = {
        source: bySs ? "ss" : "proc",
        samples,
        sockets,
      };
      windows = new Map();
      samples = 0;
      bySs = false;
      return taken;
    },
    inodes: () => alive,
    queuedInodes: () => queued,
  };
}

/** There is something to tell of it although it is closed. */
function isTold({ peak, drops }: Window): boolean {
  return peak > 0 || (drops ?? 0) > 0;
}

function newLife(queue: number, overflows: Count | null): Life {
  return { everQueued: false, pinned: { queue, samples: 0, overflows }, inferred: null };
}

function follow(life: Life, queue: number, overflows: Count | null): void {
  if (queue > 0) life.everQueued = true;
  if (queue === life.pinned.queue) life.pinned.samples += 1;
  else life.pinned = { queue, samples: 1, overflows };
  // It held more than the limit allows: the guess was wrong.
  if (life.inferred !== null && queue > life.inferred + 1) life.inferred = null;
}

/** The kernel refuses when the queue is above its limit, not at it: a limit of N holds N + 1. */
function isFull(queue: number, limit: number | null): boolean {
  return limit !== null && queue > limit;
}

/**
 * Where no limit can be seen, a queue that stood still while the namespace overflowed has shown it. Only when
 * one port alone stood still: of two, the overflows tell not which, and a wrong limit blames the wrong one.
 */
function inferLimits(windows: readonly Window[], overflows: Count | null): void {
  const pinned = windows.filter(
    ({ limit, newest, life }) =>
      limit === null &&
      newest.acceptQueue > 0 &&
      life.pinned.samples >= PINNED_SAMPLES &&
      overflows !== null &&
      life.pinned.overflows !== null &&
      overflows > life.pinned.overflows,
  );
  if (new Set(pinned.map(({ newest }) => newest.port)).size !== 1) return;
  for (const { life } of pinned) life.inferred = life.pinned.queue - 1;
}

function wireListener(window: Window, owner: string | undefined): WireListener {
  const { newest, life, peak, atPeak } = window;
  const inferred = window.limit === null ? life.inferred : null;
  const limit = window.limit ?? inferred;
  return {
    address: newest.address,
    port: newest.port,
    inode: newest.inode,
    acceptQueue: newest.acceptQueue,
    peakQueue: peak,
    limit,
    ...(inferred === null ? {} : { limitInferred: true }),
    // An inferred limit was reached only at its own peak: the queue was never seen above it.
    samplesFull: inferred === null ? window.full : isFull(peak, inferred) ? atPeak : 0,
    drops: window.drops,
    ...(newest.uid === undefined ? {} : { uid: newest.uid }),
    // A path that is cut, or in which something is replaced, would name another group.
    ...(newest.cgroup === undefined || newest.cgroup !== sendable(newest.cgroup, LIMITS.textLength)
      ? {}
      : { cgroup: newest.cgroup }),
    ...(owner === undefined ? {} : { owner }),
  };
}

function fullestFirst(a: WireListener, b: WireListener): number {
  return (
    b.samplesFull - a.samplesFull ||
    fillOf(b) - fillOf(a) ||
    b.peakQueue - a.peakQueue ||
    (b.drops ?? 0) - (a.drops ?? 0)
  );
}

/** Share of the queue that was taken at its peak; of an unknown limit only whether anything was. */
function fillOf({ peakQueue, limit }: WireListener): number {
  return limit === null ? Math.min(1, peakQueue) : peakQueue / (limit + 1);
}
