import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { QueuedSnapshot } from "./snapshot.ts";

/** Snapshots that the service will not take: they leave the spool, and are not deleted on its word alone. */
export interface SetAside {
  add(snapshot: QueuedSnapshot, code: string, message: string): void;
  /** How many were ever added, by code. */
  readonly counts: ReadonlyMap<string, number>;
  /** The newest of them. */
  readonly entries: readonly AsideEntry[];
}

export interface AsideEntry {
  readonly snapshot: QueuedSnapshot;
  readonly code: string;
  readonly message: string;
}

/** Where a set-aside is written to, besides memory. */
export interface AsideFile {
  /** Never throws: the word of the service is that they cannot be stored, so they hold up nothing. */
  write(entry: AsideEntry): void;
}

/** Keeps the newest `limit` in memory. */
export function createSetAside(limit = 100, file?: AsideFile): SetAside {
  const counts = new Map<string, number>();
  const entries: AsideEntry[] = [];
  return {
    add(snapshot, code, message) {
      const entry = { snapshot, code, message };
      counts.set(code, (counts.get(code) ?? 0) + 1);
      entries.push(entry);
      if (entries.length > limit) entries.shift();
      file?.write(entry);
    },
    counts,
    entries,
  };
}

export const ASIDE_NAME = "set-aside.jsonl";
export const ASIDE_OLDER_NAME = "set-aside.older.jsonl";
const ASIDE_BYTES = 1024 * 1024;

/**
 * A file for people, in the state folder: a line of JSON for each snapshot, and for its layout before the
 * first that needs it. When it is full it becomes the older one, in place of the one before that; so what was
 * set aside last is kept, in twice `maxBytes` at most.
 *
 * @param onProblem is told when it cannot be written; the snapshot is then in memory alone.
 */
export function createAsideFile(
  folder: string,
  onProblem: (problem: string) => void,
  maxBytes = ASIDE_BYTES,
): AsideFile {
  const path = join(folder, ASIDE_NAME);
  /** Layouts that the file names; null when it was not looked at yet. */
  let named: Set<string> | null = null;

  function append({ snapshot, code, message }: AsideEntry): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    named ??= layoutsIn(path);
    const { epoch, layout, namespace, json } = snapshot;
    const time = new Date().toISOString();
    const said = JSON.stringify({
      time,
      code,
      message,
      epoch,
      ...(namespace === undefined ? {} : { namespace }),
    });
    const line = `${said.slice(0, -1)},"snapshot":${json}}\n`;
    const names = `${JSON.stringify({ layout: layout.hash, names: layout.names })}\n`;
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > 0 && size + line.length + names.length > maxBytes) {
      renameSync(path, join(folder, ASIDE_OLDER_NAME));
      named = new Set();
    }
    const text = named.has(layout.hash) ? line : names + line;
    const file = openSync(path, "a", 0o600);
    try {
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
    named.add(layout.hash);
  }

  return {
    write(entry) {
      try {
        append(entry);
      } catch (error) {
        named = null;
        onProblem(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}

function layoutsIn(path: string): Set<string> {
  const named = new Set<string>();
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return named;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const hash = /^\{"layout":"([0-9a-f]{32})","names":.*\}$/.exec(line)?.[1];
    if (hash !== undefined) named.add(hash);
  }
  return named;
}
