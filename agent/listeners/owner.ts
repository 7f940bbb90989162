import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../../src/protocol/limits.ts";
import { sendable } from "../text.ts";

/** Names of the processes that own sockets. */
export interface Owners {
  /** Goes on looking for the owners of these, within a bounded cost: about 10 ms. */
  look(wanted: readonly string[]): void;
  nameOf(inode: string): string | undefined;
  /** Forgets all sockets but these. */
  keep(alive: (inode: string) => boolean): void;
}

/** Links read in one look; a link costs about 2 us. */
const LINKS_PER_LOOK = 4_000;
/** How long a socket that no process has is not looked for again: its owner may be out of sight. */
const RETRY_MS = 5 * 60_000;

interface Scan {
  readonly pids: readonly string[];
  at: number;
  readonly wanted: ReadonlySet<string>;
  readonly missing: Set<string>;
}

/**
 * Finds owners by the links in `<procfs>/<pid>/fd`, which root may read. A scan of all processes may take
 * several looks. Of the processes that share a socket, as workers share one with their master, the one with the
 * lowest id is taken: the oldest. Process 1 comes last, and what nobody else has is looked for again: systemd
 * holds the sockets of services that it starts with the first connection.
 */
export function createOwners(parts: {
  readonly procfs: string;
  readonly now: () => number;
  readonly linksPerLook?: number;
}): Owners {
  const { procfs, now, linksPerLook = LINKS_PER_LOOK } = parts;
  const names = new Map<string, string>();
  /** Sockets that process 1 alone had. */
  const heldByInit = new Set<string>();
  const triedAt = new Map<string, number>();
  let scan: Scan | null = null;

  function begin(wanted: readonly string[]): Scan | null {
    const due = wanted.filter(
      (inode) =>
        inode !== "0" &&
        (!names.has(inode) || heldByInit.has(inode)) &&
        now() - (triedAt.get(inode) ?? -Infinity) >= RETRY_MS,
    );
    if (due.length === 0) return null;
    return { pids: pidsOf(procfs), at: 0, wanted: new Set(due), missing: new Set(due) };
  }

  function finish(done: Scan): void {
    for (const inode of done.wanted) triedAt.set(inode, now());
    scan = null;
  }

  return {
    look(wanted) {
      scan ??= begin(wanted);
      if (scan === null) return;
      let links = 0;
      while (links < linksPerLook) {
        const pid = scan.pids[scan.at];
        if (pid === undefined || scan.missing.size === 0) return finish(scan);
        scan.at += 1;
        links += 1 + visit(pid, scan.missing);
      }
    },
    nameOf: (inode) => names.get(inode),
    keep(alive) {
      for (const inode of names.keys()) if (!alive(inode)) names.delete(inode);
      for (const inode of heldByInit) if (!alive(inode)) heldByInit.delete(inode);
      for (const inode of triedAt.keys()) if (!alive(inode)) triedAt.delete(inode);
    },
  };

  /** Returns how many links were read. A process that has ended, or is another user's, has none. */
  function visit(pid: string, missing: Set<string>): number {
    const folder = join(procfs, pid, "fd");
    let links = 0;
    try {
      for (const file of readdirSync(folder)) {
        links += 1;
        const inode = /^socket:\[([0-9]+)\]$/.exec(linkOf(join(folder, file)))?.[1];
        if (inode === undefined || !missing.has(inode)) continue;
        const name = readFileSync(join(procfs, pid, "comm"), "utf8").trim();
        names.set(inode, sendable(name, LIMITS.textLength));
        if (pid === INIT) heldByInit.add(inode);
        else heldByInit.delete(inode);
        missing.delete(inode);
        if (missing.size === 0) break;
      }
    } catch {
      // It has ended meanwhile, or may not be looked at.
    }
    return links;
  }
}

/** Empty for a file that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

const INIT = "1";

/** Ids of all processes, the lowest first, and process 1 last. */
function pidsOf(procfs: string): readonly string[] {
  try {
    return readdirSync(procfs)
      .filter((name) => /^[0-9]+$/.test(name))
      .sort((a, b) => Number(a === INIT) - Number(b === INIT) || Number(a) - Number(b));
  } catch {
    return [];
  }
}
