/**
 * The user that runs Postgres.
 *
 * Postgres refuses to run as root, so a service started by root runs it as somebody else; a service of a
 * plain user runs it as that user.
 */
import { readFile, stat } from "node:fs/promises";
import { SpillwayError } from "../errors.ts";

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Who the server runs as, as options for spawn(): nothing when it is the user of this process. */
  readonly spawnAs: { readonly uid?: number; readonly gid?: number };
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts that may run the server for root, best first. */
const CANDIDATES = ["spillway", "postgres", "nobody"];

/** @param cluster the folder of the cluster: when it is there already, its owner must run the server. */
export async function findServerUser(cluster: string): Promise<ServerUser> {
  const accounts = await readAccounts();
  const owner = await stat(cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
  const own = process.getuid?.() ?? -1;
  const nameOf = (uid: number) => accounts.find((account) => account.uid === uid)?.name ?? `uid ${uid}`;

  if (own !== 0) {
    if (owner !== undefined && owner.uid !== own) {
      throw new SpillwayError(
        "CONFIGURATION",
        `cannot start the embedded Postgres: the cluster ${cluster} belongs to ${nameOf(owner.uid)} and ` +
          `Spillway runs as ${nameOf(own)}: run it as ${nameOf(owner.uid)} or as root, or set ` +
          "SPILLWAY_DATA_DIR to another folder",
      );
    }
    return { name: nameOf(own), uid: own, gid: process.getgid?.() ?? -1, spawnAs: {} };
  }

  if (owner?.uid === 0) {
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot start the embedded Postgres: the cluster ${cluster} belongs to root, as whom Postgres does ` +
        `not run: give it to the user that is to run it, for instance \`chown -R nobody ${cluster}\``,
    );
  }
  if (owner !== undefined) return as(owner.uid, owner.gid, nameOf(owner.uid));
  for (const name of CANDIDATES) {
    const account = accounts.find((one) => one.name === name && one.uid !== 0);
    if (account !== undefined) return as(account.uid, account.gid, name);
  }
  throw new SpillwayError(
    "CONFIGURATION",
    "cannot start the embedded Postgres: it does not run as root, and /etc/passwd names none of " +
      `${CANDIDATES.join(", ")}: add the user spillway, or run Spillway as a plain user, or set DATABASE_URL`,
  );
}

function as(uid: number, gid: number, name: string): ServerUser {
  return { name, uid, gid, spawnAs: { uid, gid } };
}

/** Read from the file and not by the name service: initdb in a minimal container has no more either. */
async function readAccounts(): Promise<Account[]> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (name === undefined || uid === undefined || gid === undefined || !/^\d+$/.test(uid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}
