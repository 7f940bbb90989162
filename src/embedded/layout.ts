/**
 * Where the embedded Postgres keeps its things below the data directory:
 *
 *     postgres/18/              the cluster, by major version, owned by the user that runs the server
 *     postgres-bin/<version>/   copied binaries, only where those of node_modules cannot be used in place
 *     postgres-password         the password of the role spillway, mode 0600
 *     run/                      the folder of the socket
 */
import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { SpillwayError } from "../errors.ts";
import { makeOnce } from "./make-once.ts";
import type { ServerUser } from "./server-user.ts";

export const MAJOR_VERSION = 18;
export const PORT = 5432;

/** sun_path holds 108 bytes on Linux and 104 on macOS, with a closing zero. */
const SOCKET_PATH_BYTES = process.platform === "darwin" ? 103 : 107;

export interface Layout {
  readonly dataDir: string;
  /** Holds the clusters; here a new cluster is made before it is renamed. */
  readonly clusters: string;
  readonly cluster: string;
  readonly binaries: string;
  readonly passwordFile: string;
  readonly socketDir: string;
}

export function layoutOf(dataDir: string): Layout {
  const base = resolve(dataDir);
  const inside = join(base, "run");
  return {
    dataDir: base,
    clusters: join(base, "postgres"),
    cluster: join(base, "postgres", String(MAJOR_VERSION)),
    binaries: join(base, "postgres-bin"),
    passwordFile: join(base, "postgres-password"),
    socketDir: fitsSocket(inside) ? inside : shortSocketDir(base),
  };
}

function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_BYTES;
}

/** The same for every start on one data directory, so that a server left running is found again. */
function shortSocketDir(dataDir: string): string {
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `spillway-${hash}`);
  if (fitsSocket(folder)) return folder;
  throw new SpillwayError(
    "CONFIGURATION",
    `cannot place the socket of the embedded Postgres: ${dataDir} and ${tmpdir()} are both longer than a ` +
      `socket's path may be (${SOCKET_PATH_BYTES} bytes): set SPILLWAY_DATA_DIR or TMPDIR to a shorter folder`,
  );
}

/** Makes the folders that are missing. Those that are there keep their mode: a person may have set it. */
export async function makeFolders(layout: Layout, user: ServerUser): Promise<void> {
  // Started by root, the server is another user, who must be able to pass through; nothing here is listed.
  const passable = user.spawnAs.uid === undefined ? 0o700 : 0o711;
  await makeFolder(layout.dataDir, passable);
  await makeFolder(layout.clusters, passable);
  if (dirname(layout.socketDir) === layout.dataDir) {
    await makeFolder(layout.socketDir, 0o700, user);
  } else {
    await makeSocketDirInTmp(layout.socketDir, user);
  }
}

/** @param mode of the folders that are made, whatever the umask */
export async function makeFolder(folder: string, mode: number, owner?: ServerUser): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  // mkdir's own mode is cut by the umask, so the mode of each folder made is set here.
  if (first !== undefined) {
    for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, mode);
  }
  if (owner?.spawnAs.uid !== undefined) await chown(folder, owner.uid, owner.gid);
}

/** Anybody may make folders in the temporary folder, so one found there is used only if it is our own. */
async function makeSocketDirInTmp(folder: string, user: ServerUser): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const found = await lstat(folder);
  const ours = found.uid === user.uid || found.uid === process.getuid?.();
  if (!found.isDirectory() || !ours || (found.mode & 0o077) !== 0) {
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot place the socket of the embedded Postgres in ${folder}: it exists and is not a private folder ` +
        `(mode 0700) of ${user.name}: remove it, or set SPILLWAY_DATA_DIR to a shorter folder`,
    );
  }
  if (user.spawnAs.uid !== undefined) await chown(folder, user.uid, user.gid);
}

/** The password, made at the first start. Two that start at once end with the same one. */
export async function readOrMakePassword(layout: Layout): Promise<string> {
  // In this order: a cluster is made after its password.
  const cluster = await lstat(layout.cluster).catch(ignoreMissing);
  const found = await readFile(layout.passwordFile, "utf8").catch(ignoreMissing);
  if (found !== undefined) return found.trim();
  if (cluster !== undefined) {
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot open the embedded Postgres: ${layout.passwordFile}, which holds the password of the cluster ` +
        `${layout.cluster}, is missing: put it back from a backup, or move the cluster away to begin anew`,
    );
  }
  await makeOnce(layout.passwordFile, `${randomBytes(24).toString("base64url")}\n`);
  return (await readFile(layout.passwordFile, "utf8")).trim();
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
