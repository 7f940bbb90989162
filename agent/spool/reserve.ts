import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of nothing beside the spool. A spool that has filled the disk leaves no room for the few bytes that a
 * start needs (the lock, the epoch); this is that room.
 */
const NAME = "reserve";
const BYTES = 32 * 1024;

/** Makes it where it is missing and there is room; where not, the next start tries again. */
export function makeReserve(folder: string): void {
  const path = join(folder, NAME);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.size === BYTES) return;
    writeFileSync(path, Buffer.alloc(BYTES), { mode: 0o600 });
  } catch {
    // The disk is full, which the spool says and lives with: what room there is belongs to it.
    rmSync(path, { force: true });
  }
}

/**
 * Writes a few bytes; where the disk is full, once more in the room of the reserve.
 *
 * @throws what `write` throws, when it is not that or did not help.
 */
export function withReserve(folder: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isFull(error)) throw error;
    freeReserve(folder);
    write();
  }
}

/** Whether a disk, or what this user may have of it, is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Gives the room back. */
export function freeReserve(folder: string): void {
  rmSync(join(folder, NAME), { force: true });
}
