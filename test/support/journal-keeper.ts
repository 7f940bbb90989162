/** All that the agents of one state folder ever collected, whatever their spool has removed since. */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { QueuedSnapshot } from "../../agent/snapshot.ts";
import type { WireSnapshot } from "../../src/protocol/message.ts";
import { readJournal } from "../unit/agent/spool/support/journal.ts";

export interface Collected {
  readonly id: number;
  /** Names the snapshot as `storedOf` does. */
  readonly key: string;
  readonly epoch: QueuedSnapshot["epoch"];
  readonly isRoot: boolean;
  readonly names: readonly string[];
  readonly snapshot: WireSnapshot;
}

const EVERY_MS = 50;

/**
 * Holds on to each segment of a spool from when it is begun: by a hard link, which follows what is appended
 * and survives the removal, or on another file system by copies.
 */
export class JournalKeeper {
  readonly #spool: string;
  readonly #kept: string;
  readonly #timer: NodeJS.Timeout;
  /** What was read of each segment, and how long it was then. */
  readonly #read = new Map<string, { readonly size: number; readonly collected: readonly Collected[] }>();

  constructor(spool: string, kept: string) {
    this.#spool = spool;
    this.#kept = kept;
    mkdirSync(kept);
    this.#timer = setInterval(() => this.#keep(), EVERY_MS);
  }

  /** In the order in which it was collected. */
  collected(): Collected[] {
    this.#keep();
    return readdirSync(this.#kept)
      .sort()
      .flatMap((name) => this.#readSegment(name));
  }

  #readSegment(name: string): readonly Collected[] {
    const { size } = statSync(join(this.#kept, name));
    const known = this.#read.get(name);
    if (known?.size === size) return known.collected;
    const collected = readJournal(this.#kept, name).map(({ id, queued, snapshot }) => ({
      id,
      key: keyOf(queued, snapshot),
      epoch: queued.epoch,
      isRoot: queued.namespace === undefined,
      names: queued.layout.names,
      snapshot,
    }));
    this.#read.set(name, { size, collected });
    return collected;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #keep(): void {
    if (!existsSync(this.#spool)) return;
    for (const name of readdirSync(this.#spool)) {
      const [from, to] = [join(this.#spool, name), join(this.#kept, name)];
      try {
        const found = statSync(from);
        const kept = statSync(to, { throwIfNoEntry: false });
        if (kept?.ino === found.ino && kept.dev === found.dev) continue;
        if (kept === undefined) hold(from, to);
        else if (kept.size !== found.size || kept.mtimeMs < found.mtimeMs) copyFileSync(from, to);
      } catch (error) {
        // Removed since it was listed: what is kept of it is all there is.
        if (codeOf(error) !== "ENOENT") throw error;
      }
    }
  }
}

function hold(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "EXDEV") throw error;
    copyFileSync(from, to);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

export function keyOf(
  { epoch, namespace }: Pick<QueuedSnapshot, "epoch" | "namespace">,
  { at, uptimeMs, everyMs }: WireSnapshot,
): string {
  const space = namespace === undefined ? "root" : `${namespace.inode}.${namespace.birth}`;
  return `${epoch.boot}/${epoch.number} ${space} at ${at} up ${uptimeMs} every ${everyMs}`;
}
