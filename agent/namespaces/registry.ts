import { isGauge } from "../../src/catalog/kinds.ts";
import type { Count } from "../../src/protocol/count.ts";
import { DRILL_PROCESS } from "../../src/protocol/drill.ts";
import type { WireNamespace } from "../../src/protocol/message.ts";
import { isOfAnother, type NamespaceFacts } from "./owner.ts";
import { oldestFirst, type ScannedNamespaces } from "./scan.ts";
import type { SavedNamespaces } from "./state.ts";

/** Counters as last read, by name. */
export interface LastReading {
  readonly names: readonly string[];
  readonly values: readonly (Count | null)[];
}

/** A network namespace other than the root, while scans find it. */
export interface KnownNamespace {
  readonly inode: number;
  readonly wire: WireNamespace;
  readonly facts: NamespaceFacts;
  /** Its processes at the last scan, the one it is read through first. */
  pids: readonly number[];
  /** Its processes when it was last saved: a later run knows it by one that is no younger. */
  savedPids: readonly number[];
  /** Within the most that are followed. */
  followed: boolean;
  /** As last read in this run; null before. */
  last: LastReading | null;
  /** It was born in this run after a scan, so that its counters began at 0 unseen; until its first snapshot. */
  fromZero: boolean;
}

export interface NamespaceRegistry {
  /**
   * Takes in what a scan found. Says which namespaces are gone, and whether what must be kept has changed.
   *
   * @param mounted the namespaces that mounts keep, as mounted.ts reads them after the scan.
   */
  update(
    scan: Pick<ScannedNamespaces, "byInode">,
    uptimeMs: number,
    mounted: ReadonlySet<string> | null,
  ): { gone: readonly KnownNamespace[]; changed: boolean };
  /** Those that are followed, the oldest first. */
  followed(): readonly KnownNamespace[];
  /** All that the last scan found, the root apart. */
  readonly size: number;
  /** What is written down now: `update` says when that must be done anew. */
  toSave(): SavedNamespaces;
}

export interface RegistryParts {
  readonly procfs: string;
  readonly boot: string;
  readonly rootInode: number;
  readonly max: number;
  /** What an earlier run of the agent in this boot kept. */
  readonly saved: SavedNamespaces | null;
  /** Uptime now, in ms. */
  readonly uptimeMs: () => number;
  readonly ownerOf: (pid: number) => NamespaceFacts;
  /** Reads a namespace by one of its pids, now; null when it cannot be read. */
  readonly read: (inode: number, pids: readonly number[]) => LastReading | null;
  /** The name that mounts have of a namespace; null when it is not to be had. */
  readonly mountNameOf: (inode: number, pids: readonly number[]) => string | null;
}

/** Inodes of namespaces that have gone, with their last reading: the kernel gives the lowest free inode next. */
const GONE_MAX = 1_000;

/**
 * Who is who among the network namespaces, from scan to scan and from run to run.
 *
 * The kernel reuses inodes at once, so an inode alone names nothing: a namespace is its inode and its birth,
 * the start of its oldest process when it was first seen. It stays the same as long as a process that was in
 * it at the scan before is there. When none is, its processes were replaced or it was: counters that fell
 * prove the latter, and so does the container or pod of who is in it now, where that is another.
 *
 * `fromZero` is for one that was born after the last scan: the service counts all that its first snapshot
 * has, so what was counted before would be counted twice. Its oldest process must have begun after that scan,
 * and no mount may have kept it at that time, for a namespace lives and counts (as a router does, or by what
 * ran in it before) without a process. Where that cannot be told, its first snapshot is a baseline: the first
 * seconds are lost, and nothing is invented. The kernel shows nobody the age of a namespace: the times of its
 * files are those of the look, and the numbers are given out anew. So one that only an open file or socket
 * kept, and that this run has never seen a process in, does pass for new.
 *
 * When there are more than `max`: those already followed stay, then come the oldest. Those of a drill are not
 * followed.
 */
export function createNamespaceRegistry(parts: RegistryParts): NamespaceRegistry {
  const { procfs, saved } = parts;
  let known = new Map<number, KnownNamespace>();
  const left = new Map<number, LastReading | null>();
  /** Uptime of the previous scan of this run. */
  let scannedMs: number | null = null;
  /** What was mounted then. */
  let mountedThen: ReadonlySet<string> | null = null;
  let changed = false;

  function makeNamespace(
    inode: number,
    birth: number,
    pids: readonly number[],
    facts: NamespaceFacts,
  ): KnownNamespace {
    const wire = { inode: String(inode), birth, ...facts };
    return { inode, wire, facts, pids, savedPids: pids, followed: false, last: null, fromZero: false };
  }

  /** First seen in this run. */
  function meet(inode: number, found: readonly number[]): KnownNamespace | null {
    const processes = oldestFirst(procfs, found);
    const [oldest] = processes;
    if (oldest === undefined) return null;
    const pids = processes.map(({ pid }) => pid);
    const restored = scannedMs === null ? restore(inode, oldest.startMs, pids) : null;
    if (restored !== null) return restored;
    const namespace = makeNamespace(inode, oldest.startMs, pids, parts.ownerOf(oldest.pid));
    namespace.fromZero =
      scannedMs !== null &&
      oldest.startMs > scannedMs &&
      // A container whose /proc/uptime is its own (lxcfs): the kernel's start times do not go with it.
      oldest.startMs <= parts.uptimeMs() &&
      !mayHaveBeenMounted(inode, pids) &&
      beganAtZero(inode, pids);
    return namespace;
  }

  /** The same as in an earlier run: a process of it was there when that run last saved. */
  function restore(inode: number, oldestMs: number, pids: readonly number[]): KnownNamespace | null {
    const before = saved?.namespaces.find((one) => one.inode === inode);
    if (before === undefined || saved === null || oldestMs > saved.scanUptimeMs) return null;
    return { ...makeNamespace(inode, before.birth, pids, before.facts), followed: before.followed };
  }

  /** At the previous scan: then it is older than that, whoever is in it now. */
  function mayHaveBeenMounted(inode: number, pids: readonly number[]): boolean {
    if (mountedThen === null) return true;
    if (mountedThen.size === 0) return false;
    const name = parts.mountNameOf(inode, pids);
    return name === null || mountedThen.has(name);
  }

  /** A namespace of this inode was here before: only lower counters tell a new one from the same again. */
  function beganAtZero(inode: number, pids: readonly number[]): boolean {
    if (!left.has(inode)) return true;
    const before = left.get(inode) ?? null;
    const now = before === null ? null : parts.read(inode, pids);
    return before !== null && now !== null && fell(before, now);
  }

  /** Known from the scan before: the same, or another that was given its inode. */
  function keep(namespace: KnownNamespace, found: readonly number[]): KnownNamespace | null {
    const there = new Set(found);
    if (namespace.pids.some((pid) => there.has(pid))) {
      if (!namespace.savedPids.some((pid) => there.has(pid))) changed = true;
      // The one it is read through stays the first as long as it lasts.
      const [reader] = namespace.pids;
      if (reader !== undefined && there.has(reader)) {
        there.delete(reader);
        namespace.pids = [reader, ...there];
      } else namespace.pids = oldestFirst(procfs, found).map(({ pid }) => pid);
      return namespace;
    }
    const before = namespace.last;
    const now = before === null ? null : parts.read(namespace.inode, found);
    if (before !== null && now !== null && !fell(before, now)) {
      const processes = oldestFirst(procfs, found);
      const [oldest] = processes;
      if (oldest === undefined || !isOfAnother(namespace.facts, parts.ownerOf(oldest.pid))) {
        // A later run knows the namespace by a process that was there when this was saved.
        changed = true;
        namespace.pids = processes.map(({ pid }) => pid);
        return namespace;
      }
    }
    left.set(namespace.inode, before);
    return meet(namespace.inode, found);
  }

  function choose(): void {
    const ranked = [...known.values()]
      .filter(isNoDrill)
      .sort(
        (a, b) => Number(b.followed) - Number(a.followed) || a.wire.birth - b.wire.birth || a.inode - b.inode,
      );
    for (const [place, namespace] of ranked.entries()) {
      const followed = place < parts.max;
      if (followed !== namespace.followed) changed = true;
      namespace.followed = followed;
      // What happens in it until it is followed is not seen, so it is not "all since its birth" any more.
      if (!namespace.followed) namespace.fromZero = false;
    }
  }

  return {
    update(scan, uptimeMs, mounted) {
      const next = new Map<number, KnownNamespace>();
      changed = scannedMs === null;
      for (const [inode, pids] of scan.byInode) {
        if (inode === parts.rootInode) continue;
        const before = known.get(inode);
        const namespace = before === undefined ? meet(inode, pids) : keep(before, pids);
        if (namespace === null) continue;
        if (namespace !== before) changed = true;
        next.set(inode, namespace);
      }
      const gone = [...known.values()].filter((one) => next.get(one.inode) !== one);
      for (const one of gone) left.set(one.inode, one.last);
      for (const inode of left.keys()) {
        if (left.size <= GONE_MAX) break;
        left.delete(inode);
      }
      known = next;
      choose();
      scannedMs = uptimeMs;
      mountedThen = mounted;
      return { gone, changed: changed || gone.length > 0 };
    },
    followed: () =>
      [...known.values()].filter(({ followed }) => followed).sort((a, b) => a.wire.birth - b.wire.birth),
    get size() {
      return known.size;
    },
    toSave() {
      for (const namespace of known.values()) namespace.savedPids = namespace.pids;
      return {
        boot: parts.boot,
        scanUptimeMs: scannedMs ?? 0,
        namespaces: [...known.values()].map(({ inode, wire, facts, followed }) => ({
          inode,
          birth: wire.birth,
          followed,
          facts,
        })),
      };
    },
  };
}

/** The namespaces of a drill are for its own agent. */
function isNoDrill({ facts }: KnownNamespace): boolean {
  return facts.labels?.process !== DRILL_PROCESS;
}

/** Whether any counter is lower than it was: counters of one namespace never are. */
function fell(before: LastReading, now: LastReading): boolean {
  const values = new Map(now.names.map((name, i) => [name, now.values[i] ?? null]));
  return before.names.some((name, i) => {
    const [old, value] = [before.values[i] ?? null, values.get(name) ?? null];
    return old !== null && value !== null && value < old && !isGauge(name);
  });
}
