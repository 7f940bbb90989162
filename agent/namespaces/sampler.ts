import { LIMITS } from "../../src/protocol/limits.ts";
import type { WireSnapshot } from "../../src/protocol/message.ts";
import type { Capabilities } from "../capabilities.ts";
import type { Collector } from "../collector.ts";
import type { Timekeeper } from "../epoch.ts";
import { rootNetDir } from "../host-facts.ts";
import type { ListenerWatch } from "../listeners/watch.ts";
import type { Log, SeldomLog } from "../log.ts";
import { createSnapshotBuilder, type QueuedSnapshot, type Reading } from "../snapshot.ts";
import { QUIET_MS, type Sent, whatToSend } from "./change-driven.ts";
import { readOwner } from "./owner.ts";
import { createPick, type Pick as PickCounters } from "./pick.ts";
import { preferPid, readNamespace } from "./read-namespace.ts";
import { createNamespaceRegistry, type KnownNamespace } from "./registry.ts";
import { judgeRoot } from "./root.ts";
import { inodeOf, type ScannedNamespaces, scanNamespaces } from "./scan.ts";
import { readSavedNamespaces, saveNamespaces } from "./state.ts";

export interface NamespaceSamplerParts {
  readonly procfs: string;
  readonly collectors: readonly Collector[];
  readonly boot: string;
  readonly stateDir: string;
  /** `root`: no other is looked for. */
  readonly namespaces: "all" | "root";
  readonly counters: "diagnosis" | "all";
  /** Time between scans, in ms; a scan is made with the reading next to it. */
  readonly scanMs: number;
  /** The most that are followed beside the root. */
  readonly max: number;
  readonly uptimeMs: () => number;
  readonly timekeeper: Pick<Timekeeper, "stamp">;
  readonly capabilities: Pick<Capabilities, "set">;
  readonly listeners?: Pick<ListenerWatch, "note" | "take" | "forget">;
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
  const { procfs, collectors, capabilities, log, seldom } = parts;
  judgeRoot(procfs, capabilities);
  const rootInode = inodeOf(rootNetDir(procfs));
  if (parts.namespaces === "root" || typeof rootInode !== "number") {
    const asked = "only the host's own is asked for (--namespaces root)";
    const unknown = `the root cannot be told from others: there is no ${rootNetDir(procfs)}/netstat to be seen`;
    capabilities.set("namespaces", false, parts.namespaces === "root" ? asked : unknown);
    return () => [];
  }

  const following = new WeakMap<KnownNamespace, Following>();
  const registry = createNamespaceRegistry({
    procfs,
    boot: parts.boot,
    rootInode,
    max: parts.max,
    saved: readSavedNamespaces(parts.stateDir, parts.boot, log),
    ownerOf: (pid) => readOwner(procfs, pid),
    lastReading: (namespace) => following.get(namespace)?.sent?.last ?? null,
    read: (inode, pids) => {
      const read = readNamespace(procfs, collectors, inode, pids);
      return read === null ? null : createPick(parts.counters)(read.scrape);
    },
  });
  let scannedMs: number | null = null;

  function scanWhenDue(everyMs: number): void {
    const uptimeMs = parts.uptimeMs();
    // Nearer now than at the next cycle.
    const soon = Math.min(everyMs, parts.scanMs) / 2;
    if (scannedMs !== null && uptimeMs - scannedMs < parts.scanMs - soon) return;
    scannedMs = uptimeMs;
    const scan = scanNamespaces(procfs);
    const { gone, changed } = registry.update(scan, uptimeMs);
    for (const namespace of gone) parts.listeners?.forget(keyOf(namespace));
    sayWhatIsMissing(scan);
    if (changed) save();
  }

  function sayWhatIsMissing({ processes, refused, sawInit }: ScannedNamespaces): void {
    const hidden = sawInit
      ? `${refused} of ${processes} processes may not be looked at`
      : "processes of other users are not listed";
    capabilities.set(
      "namespaces",
      sawInit && refused === 0,
      `${procfs} is mounted with hidepid: ${hidden}, so some namespaces are not seen; run the agent as root or in the group of the mount's gid= option`,
    );
    capabilities.set(
      "namespaces.limit",
      registry.size <= parts.max,
      `there are ${registry.size} network namespaces beside the root and ${parts.max} are followed: those followed already, then the oldest; raise --namespace-max`,
    );
    capabilities.set(
      "sysctls.namespaces",
      registry.size === 0,
      "the kernel shows a process the settings of its own network namespace only, so those of other namespaces are not known",
    );
    judgeRoot(procfs, capabilities);
  }

  function save(): void {
    try {
      saveNamespaces(parts.stateDir, registry.toSave());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      seldom.say("namespaces", log.warn, `cannot save namespaces.json in ${parts.stateDir}: ${why}`);
    }
  }

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
    noteListeners(namespace, reading, read.pid);
    const { send, now } = whatToSend(state.sent, reading, everyMs);
    state.sent = now;
    const snapshots = send.map((one) =>
      state.build(one === reading ? { ...one, more: moreOf(namespace) } : one),
    );
    return { snapshots, afterMs };
  }

  function noteListeners(namespace: KnownNamespace, { names, values }: Reading, pid: number): void {
    parts.listeners?.note(keyOf(namespace), {
      listenDrops: values[names.indexOf("TcpExtListenDrops")] ?? null,
      listenOverflows: values[names.indexOf("TcpExtListenOverflows")] ?? null,
      pid,
    });
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
    scanWhenDue(everyMs);
    const all: QueuedSnapshot[] = [];
    let beforeMs = parts.uptimeMs();
    for (const namespace of registry.followed()) {
      const { snapshots, afterMs } = sample(namespace, everyMs, beforeMs);
      all.push(...snapshots);
      beforeMs = afterMs;
    }
    return all;
  };
}

function keyOf(namespace: KnownNamespace): string {
  return `${namespace.wire.inode}-${namespace.wire.birth}`;
}
