import { type Collector, type Scrape, scrape } from "../collector.ts";
import type { KnownNamespace } from "./registry.ts";
import { inodeOf } from "./scan.ts";

export interface NamespaceScrape {
  /** The process through which it was read. */
  readonly pid: number;
  readonly scrape: Scrape;
}

/** Processes tried before the next scan has to say who is there. */
const TRIES = 8;

/**
 * The counters of a namespace, read through the first of its processes that is still there. Its inode is
 * looked at after the reading: by then the process may have gone, its pid be another's, or it may have moved,
 * and the counters would be another namespace's.
 *
 * @returns null when none of the processes is in the namespace any more.
 */
export function readNamespace(
  procfs: string,
  collectors: readonly Collector[],
  inode: number,
  pids: readonly number[],
): NamespaceScrape | null {
  for (const pid of pids.slice(0, TRIES)) {
    const netDir = `${procfs}/${pid}/net`;
    const read = scrape(collectors, { netDir });
    if ((read.names.length > 0 || read.failures.length > 0) && inodeOf(netDir) === inode)
      return { pid, scrape: read };
  }
  return null;
}

/** The process that answered comes first the next time. */
export function preferPid(namespace: KnownNamespace, pid: number): void {
  if (namespace.pids[0] === pid) return;
  namespace.pids = [pid, ...namespace.pids.filter((other) => other !== pid)];
}
