import { LIMITS } from "../../src/protocol/limits.ts";
import type { WireSnapshot } from "../../src/protocol/message.ts";
import type { Collector } from "../collector.ts";
import type { Timekeeper } from "../epoch.ts";
import type { ListenerWatch, NamespaceReading } from "../listeners/watch.ts";
import type { Log, SeldomLog } from "../log.ts";
import { createSnapshotBuilder, type QueuedSnapshot, type Reading } from "../snapshot.ts";
import { QUIET_MS, type Sent, whatToSend } from "./change-driven.ts";
import type { NamespaceFinder } from "./finder.ts";
import { createPick, type Pick as PickCounters } from "./pick.ts";
import { preferPid, readNamespace } from "./read-namespace.ts";
import type { KnownNamespace, LastReading } from "./registry.ts";

export interface NamespaceSamplerParts {
  readonly procfs: string;
  readonly collectors: readonly Collector[];
  readonly counters: "diagnosis" | "all";
  readonly finder: Pick<NamespaceFinder, "find">;
  readonly uptimeMs: () => number;
  readonly timekeeper: Pick<Timekeeper, "stamp">;
  readonly listeners?: Pick<ListenerWatch, "note" | "take">;
  readonly log: Log;
  readonly seldom: SeldomLog;
}

/** A namespace that is followed: how its counters are chosen and encoded, and what was sent of them. */
interface Following {
  readonly pick: PickCounters;
  readonly build: (reading: Reading) => QueuedSnapshot;
  sent: Sent<Reading> | null;
}

/**
 * Takes snapshots of every network namespace but the root: each is read once a cycle, and sent when something
 * in it has changed or a minute has passed (change-driven.ts).
 *
 * Snapshots say an interval of a minute at least, since that is how long a quiet namespace is not heard of.
 */
export function createNamespaceSampler(
  parts: NamespaceSamplerParts,
): (everyMs: number) => readonly QueuedSnapshot[] {
  const { procfs, collectors, log, seldom } = parts;
  const following = new WeakMap<KnownNamespace, Following>();

  function followingOf(namespace: KnownNamespace): Following {
    const known = following.get(namespace);
    if (known !== undefined) return known;
    const made = { pick: createPick(parts.counters), build: createSnapshotBuilder(), sent: null };
    following.set(namespace, made);
    return made;
  }

  /** @param beforeMs uptime before the reading. */
  function sample(
    namespace: KnownNamespace,
    everyMs: number,
    beforeMs: number,
  ): { readonly snapshots: readonly QueuedSnapshot[]; readonly afterMs: number } {
    const read = readNamespace(procfs, collectors, namespace.inode, namespace.pids);
    const afterMs = parts.uptimeMs();
    if (read === null) return { snapshots: [], afterMs };
    preferPid(namespace, read.pid);
    for (const { collector, error } of read.scrape.failures) {
      seldom.say(
        `namespace ${collector}`,
        log.warn,
        `left out ${collector} of a namespace: ${error.message}`,
      );
    }
    const state = followingOf(namespace);
    const picked = state.pick(read.scrape);
    if (picked === null) return { snapshots: [], afterMs };
    // The middle of the scrape: a process that is preempted in it is wrong by half of that.
    const uptimeMs = Math.round((beforeMs + afterMs) / 2);
    const reading: Reading = {
      ...picked,
      uptimeMs,
      everyMs: Math.min(Math.max(everyMs, QUIET_MS), LIMITS.everyMs.max),
      ...parts.timekeeper.stamp(uptimeMs),
      namespace: namespace.wire,
    };
    namespace.last = picked;
    parts.listeners?.note(keyOf(namespace), listenerReading(picked, read.pid, namespace.inode));
    const { send, now } = whatToSend(state.sent, reading, everyMs);
    state.sent = now;
    const snapshots = send.map((one) =>
      state.build(one === reading ? { ...one, more: moreOf(namespace) } : one),
    );
    return { snapshots, afterMs };
  }

  function moreOf(namespace: KnownNamespace): Pick<WireSnapshot, "fromZero" | "listeners"> {
    const listeners = parts.listeners?.take(keyOf(namespace));
    const more = {
      ...(namespace.fromZero ? { fromZero: true } : {}),
      ...(listeners === undefined ? {} : { listeners }),
    };
    namespace.fromZero = false;
    return more;
  }

  return (everyMs) => {
    const namespaces = parts.finder.find(everyMs);
    const all: QueuedSnapshot[] = [];
    let beforeMs = parts.uptimeMs();
    for (const namespace of namespaces) {
      const { snapshots, afterMs } = sample(namespace, everyMs, beforeMs);
      all.push(...snapshots);
      beforeMs = afterMs;
    }
    return all;
  };
}

/** What the watch of listeners knows a namespace by. */
export function keyOf(namespace: KnownNamespace): string {
  return `${namespace.wire.inode}-${namespace.wire.birth}`;
}

/** What a reading through a process says that concerns listeners. */
export function listenerReading(
  { names, values }: LastReading,
  pid: number,
  inode: number,
): NamespaceReading {
  return {
    listenDrops: values[names.indexOf("TcpExtListenDrops")] ?? null,
    listenOverflows: values[names.indexOf("TcpExtListenOverflows")] ?? null,
    place: { pid, inode },
  };
}
