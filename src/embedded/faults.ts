/** Turns the end of Postgres' own output into an error that says what a person can do. */
import { SpillwayError } from "../errors.ts";

interface Remedy {
  readonly pattern: RegExp;
  readonly sentence: string;
}

const REMEDIES: readonly Remedy[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/,
    sentence: "the disk is full: free space, or set SPILLWAY_DATA_DIR to a folder on a larger one",
  },
  {
    pattern: /shared memory segment|could not map anonymous shared memory|Cannot allocate memory/,
    sentence:
      "there is too little shared memory: give the machine or container about 300 MB more memory " +
      "(for a container also --shm-size=256m)",
  },
  {
    pattern: /could not look up effective user ID/,
    sentence:
      "the user that runs Spillway has no entry in /etc/passwd, which initdb needs: run as one that has, " +
      "or set DATABASE_URL",
  },
  {
    pattern: /Read-only file system/,
    sentence: "the file system is mounted read-only: set SPILLWAY_DATA_DIR to a folder that can be written",
  },
  {
    pattern: /incompatible with server|was initialized by PostgreSQL version/,
    sentence: "the cluster was made by another version of Postgres: move it away, or set SPILLWAY_DATA_DIR",
  },
  {
    pattern: /Permission denied/,
    sentence: "the user that runs Postgres may not use a file or folder of the cluster: see the lines below",
  },
];

/** @param what completes "cannot ...". */
export function serverFault(what: string, why: string, lines: readonly string[]): SpillwayError {
  const last = lines.filter((line) => line.trim() !== "").slice(-15);
  const text = last.join("\n");
  const remedy = REMEDIES.find(({ pattern }) => pattern.test(text))?.sentence;
  const message = `cannot ${what}: ${remedy ?? why}`;
  const code = remedy === undefined ? "UNAVAILABLE" : "CONFIGURATION";
  return new SpillwayError(code, text === "" ? message : `${message}\n${indent(text)}`);
}

/** What the system says of a file of the data directory, as an error of the configuration. */
export function dataDirFault(dataDir: string, error: unknown): unknown {
  const { code, path = dataDir } = error as NodeJS.ErrnoException;
  const remedy = DATA_DIR_REMEDIES[code ?? ""];
  if (error instanceof SpillwayError || remedy === undefined) return error;
  return new SpillwayError("CONFIGURATION", `cannot use the data directory ${dataDir}: ${path} ${remedy}`, {
    cause: error,
  });
}

const DATA_DIR_REMEDIES: Readonly<Record<string, string>> = {
  EACCES:
    "is closed to the user that runs Spillway: run it as its owner, or set SPILLWAY_DATA_DIR to another folder",
  EPERM: "may not be changed by the user that runs Spillway: run it as its owner, or set SPILLWAY_DATA_DIR",
  EROFS: "is on a file system mounted read-only: set SPILLWAY_DATA_DIR to a folder that can be written",
  ENOSPC: "cannot be written, the disk is full: free space, or set SPILLWAY_DATA_DIR to a larger one",
  EDQUOT: "cannot be written, the quota is used up: free space, or set SPILLWAY_DATA_DIR to a larger one",
  ENOTDIR: "is no folder: set SPILLWAY_DATA_DIR to one",
  EEXIST: "is no folder: set SPILLWAY_DATA_DIR to one",
};

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}
