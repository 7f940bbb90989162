import { accessSync, constants, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Finding, messageOf } from "./check.ts";

const TRIAL = ".doctor";

/**
 * Whether the identity can be kept in the state folder and its spool. A folder that is not there is not made:
 * it would belong to who runs the doctor, and keep the agent out.
 */
export function checkStateFolder(folder: string): Finding {
  const check = "state folder";
  const failed = (message: string): Finding => ({ check, status: "FAIL", message });
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) {
      const parent = existingParent(folder);
      if (!statSync(parent).isDirectory()) return failed(`${parent} is no folder: ${REMEDY}`);
      accessSync(parent, constants.W_OK | constants.X_OK);
      return { check, status: "ok", message: `${folder} is not there yet and can be made in ${parent}` };
    }
    if (!stat.isDirectory()) return failed(`${folder} is no folder: ${REMEDY}`);
    tryWriting(folder);
    const spool = join(folder, "spool");
    if (statSync(spool, { throwIfNoEntry: false }) !== undefined) tryWriting(spool);
    return { check, status: "ok", message: `${folder} and its spool can be written` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOSPC" || code === "EDQUOT") {
      const message = `the disk of ${folder} is full, so snapshots wait in memory alone and a restart loses them: free some space`;
      return { check, status: "warn", message };
    }
    return failed(`cannot write in ${folder}: ${messageOf(error)}; ${REMEDY}`);
  }
}

const REMEDY =
  "give --state-dir a folder that this user may write, or run the doctor as the user of the agent";

/** Whether the disk has room for the longest outage that the spool is meant for. */
export function checkSpace(folder: string, spoolMaxBytes: number): Finding {
  const check = "free space";
  try {
    const { bavail, bsize } = statfsSync(existingParent(folder));
    const [free, held] = [bavail * bsize, bytesIn(join(folder, "spool"))];
    const wanted = Math.max(0, spoolMaxBytes - held);
    const room = `${mebibytes(free)} MiB free; the spool holds ${mebibytes(held)} of at most ${mebibytes(spoolMaxBytes)} MiB`;
    if (free >= wanted) return { check, status: "ok", message: room };
    return {
      check,
      status: "warn",
      message: `${room}: in a long outage of the service the disk is full first; free some, or lower --spool-max`,
    };
  } catch (error) {
    return {
      check,
      status: "warn",
      message: `the free space of ${folder} is not known: ${messageOf(error)}`,
    };
  }
}

/** Permissions alone do not tell: the disk may be full, or the file system read-only. */
function tryWriting(folder: string): void {
  const path = join(folder, `${TRIAL}-${process.pid}`);
  try {
    writeFileSync(path, "trial\n", { mode: 0o600, flag: "wx" });
  } finally {
    rmSync(path, { force: true });
  }
}

/** The folder itself, or the nearest above it that is there. */
function existingParent(folder: string): string {
  let path = folder;
  while (statSync(path, { throwIfNoEntry: false }) === undefined && dirname(path) !== path)
    path = dirname(path);
  return path;
}

function bytesIn(folder: string): number {
  try {
    return readdirSync(folder).reduce(
      (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  } catch {
    return 0;
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0);
}
