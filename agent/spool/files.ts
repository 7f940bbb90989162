import {
  closeSync,
  fdatasync,
  fsync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** The folder of the spool, in the state folder. */
export const SPOOL_NAME = "spool";

/**
 * The files of a spool. Small enough that a test can stand in for the disk: lose what was not synced, tear a
 * write at any byte, be full.
 */
export interface SpoolFiles {
  /** Names of the files in the folder, in no order. */
  list(): readonly string[];
  read(name: string): Buffer;
  /** Shorter than asked for where the file ends. */
  readAt(name: string, offset: number, length: number): Buffer;
  /** To append to; made when it is not there. */
  open(name: string): SpoolFile;
  remove(name: string): void;
  /** Once it resolves, every file made or removed before stays so after a crash. */
  syncFolder(): Promise<void>;
}

export interface SpoolFile {
  /** Appends all of it, or throws; then a part of it may be there. */
  append(bytes: Uint8Array): void;
  truncate(size: number): void;
  /** Once it resolves, everything appended before the call stays after a crash. */
  sync(): Promise<void>;
  close(): void;
}

const openAsync = promisify(open);
const fdatasyncAsync = promisify(fdatasync);
const fsyncAsync = promisify(fsync);

/** @throws when the folder cannot be made. */
export function openFolder(folder: string): SpoolFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    list: () => readdirSync(folder),
    read: (name) => readFileSync(join(folder, name)),
    readAt(name, offset, length) {
      const file = openSync(join(folder, name), "r");
      try {
        const bytes = Buffer.allocUnsafe(length);
        let filled = 0;
        while (filled < length) {
          const count = readSync(file, bytes, filled, length - filled, offset + filled);
          if (count === 0) break;
          filled += count;
        }
        return bytes.subarray(0, filled);
      } finally {
        closeSync(file);
      }
    },
    open(name) {
      const file = openSync(join(folder, name), "a", 0o600);
      return {
        append(bytes) {
          // A disk that fills takes a part of the write first and fails the next one.
          for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
        },
        truncate: (size) => ftruncateSync(file, size),
        sync: () => fdatasyncAsync(file),
        close: () => closeSync(file),
      };
    },
    remove: (name) => rmSync(join(folder, name), { force: true }),
    async syncFolder() {
      const directory = await openAsync(folder, "r");
      try {
        await fsyncAsync(directory);
      } finally {
        closeSync(directory);
      }
    },
  };
}
