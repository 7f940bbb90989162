import type { Capabilities } from "../capabilities.ts";
import type { Collector } from "../collector.ts";
import type { Settings } from "../config.ts";
import type { Host } from "../host.ts";
import { rootNetDir } from "../host-facts.ts";
import { nameOfNamespace, readMounted } from "./mounted.ts";
import { readOwner } from "./owner.ts";
import { createPick } from "./pick.ts";
import { readNamespace } from "./read-namespace.ts";
import { createNamespaceRegistry, type KnownNamespace, type NamespaceRegistry } from "./registry.ts";
import { judgeRoot } from "./root.ts";
import { inodeOf, type ScannedNamespaces, scanNamespaces } from "./scan.ts";
import type { NamespaceMemory } from "./state.ts";

export interface NamespaceFinderParts {
  readonly procfs: string;
  readonly collectors: readonly Collector[];
  readonly boot: string;
  /** `root`: no other is looked for. */
  readonly namespaces: "all" | "root";
  readonly counters: "diagnosis" | "all";
  /** Time between scans, in ms; a scan is made with the reading next to it. */
  readonly scanMs: number;
  /** The most that are followed beside the root. */
  readonly max: number;
  readonly uptimeMs: () => number;
  readonly capabilities: Pick<Capabilities, "set">;
  /** Absent for a look that leaves nothing behind. */
  readonly memory?: NamespaceMemory;
  readonly onGone?: (namespace: KnownNamespace) => void;
}

/** The network namespaces of the host, the root apart. */
export interface NamespaceFinder {
  /** Those that are followed, the oldest first, after a scan where one is due: with the reading next to it. */
  find(everyMs: number): readonly KnownNamespace[];
}

/**
 * Scans for namespaces, and says by capabilities which cannot be seen and why: `namespaces`,
 * `namespaces.limit`, `namespaces.births`, `sysctls.namespaces`, `root`.
 */
export function createNamespaceFinder(parts: NamespaceFinderParts): NamespaceFinder {
  const { procfs, collectors, capabilities, memory } = parts;
  judgeRoot(procfs, capabilities);
  const rootInode = inodeOf(rootNetDir(procfs));
  if (parts.namespaces === "root" || typeof rootInode !== "number") {
    const asked = "only the host's own is asked for (--namespaces root)";
    const unknown = `the root cannot be told from others: there is no ${rootNetDir(procfs)}/netstat to be seen`;
    capabilities.set("namespaces", false, parts.namespaces === "root" ? asked : unknown);
    return { find: () => [] };
  }

  const registry = createNamespaceRegistry({
    procfs,
    boot: parts.boot,
    rootInode,
    max: parts.max,
    saved: memory?.saved ?? null,
    uptimeMs: parts.uptimeMs,
    ownerOf: (pid) => readOwner(procfs, pid),
    read: (inode, pids) => {
      const read = readNamespace(procfs, collectors, inode, pids);
      return read === null ? null : createPick(parts.counters)(read.scrape);
    },
    mountNameOf: (inode, pids) => nameOfNamespace(procfs, inode, pids),
  });
  let scannedMs: number | null = null;

  function scan(uptimeMs: number): void {
    scannedMs = uptimeMs;
    const found = scanNamespaces(procfs);
    const mounted = readMounted(procfs);
    const { gone, changed } = registry.update(found, uptimeMs, mounted);
    if (parts.onGone !== undefined) for (const namespace of gone) parts.onGone(namespace);
    sayWhatIsMissing(parts, found, registry, mounted);
    if (changed) memory?.save(registry.toSave());
  }

  return {
    find(everyMs) {
      const uptimeMs = parts.uptimeMs();
      // Nearer now than at the next cycle.
      const soon = Math.min(everyMs, parts.scanMs) / 2;
      if (scannedMs === null || uptimeMs - scannedMs >= parts.scanMs - soon) scan(uptimeMs);
      return registry.followed();
    },
  };
}

/** The parts of a finder that a person can set, and those of the host. */
export function finderSettings(
  settings: Settings,
  host: Host,
  collectors: readonly Collector[],
  capabilities: Capabilities,
): NamespaceFinderParts {
  return {
    procfs: settings.procfs,
    collectors,
    boot: host.facts.boot,
    namespaces: settings.namespaces,
    counters: settings.namespaceCounters,
    scanMs: settings.namespaceScanMs,
    max: settings.namespaceMax,
    uptimeMs: host.uptimeMs,
    capabilities,
  };
}

/** Without numbers that are others at each scan: capabilities are sent again when a word of them is different. */
function sayWhatIsMissing(
  { procfs, capabilities, max }: NamespaceFinderParts,
  { refused, sawInit }: ScannedNamespaces,
  registry: NamespaceRegistry,
  mounted: ReadonlySet<string> | null,
): void {
  const isNamed = ({ inode, pids }: KnownNamespace) => nameOfNamespace(procfs, inode, pids) !== null;
  const hidden = sawInit
    ? "processes of other users may not be looked at"
    : "processes of other users are not listed";
  capabilities.set(
    "namespaces",
    sawInit && refused === 0,
    `${procfs} is mounted with hidepid: ${hidden}, so some namespaces are not seen; run the agent as root or in the group of the mount's gid= option`,
  );
  capabilities.set(
    "namespaces.limit",
    registry.size <= max,
    `there are more network namespaces beside the root than the ${max} that are followed: those followed already, then the oldest; raise --namespace-max`,
  );
  capabilities.set(
    "namespaces.births",
    mounted !== null && (mounted.size === 0 || registry.followed().every(isNamed)),
    "the agent may not see which of the mounted network namespaces a process is in, so a new one cannot be told from an old one, and what it counts before its first snapshot is left out: run the agent as root or with CAP_SYS_PTRACE",
  );
  capabilities.set(
    "sysctls.namespaces",
    registry.size === 0,
    "the kernel shows a process the settings of its own network namespace only, so those of other namespaces are not known",
  );
  judgeRoot(procfs, capabilities);
}
