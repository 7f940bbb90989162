import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/**
 * Makes the folder of what must outlive the agent, for its owner alone: it holds the key.
 *
 * @throws Error that names the folder and the remedy.
 */
export function openStateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `cannot make the state folder ${path}: ${why}; give --state-dir a folder that I may write`,
      {
        cause: error,
      },
    );
  }
}

/** The text of a file in the folder; null when there is none. */
export function readState(folder: string, name: string): string | null {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Replaces a file as a whole, mode 0600: after a crash at any point it holds the old text or the new, and
 * once this returns the new one is on the disk. The folder is synced too, for the rename lives there.
 */
export function writeState(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
