/**
 * Whether the user that runs Postgres can get to the data directory at all: a folder above it, /root for
 * instance, may be closed to everybody else. Found out by trying, as that user, and not guessed from modes,
 * which say nothing of access lists.
 */
import { dirname } from "node:path";
import { SpillwayError } from "../errors.ts";
import type { Layout } from "./layout.ts";
import { runBinary } from "./run-binary.ts";
import type { ServerUser } from "./server-user.ts";

export async function checkReachable(layout: Layout, user: ServerUser): Promise<void> {
  if (user.spawnAs.uid === undefined) return;
  for (const folder of [layout.clusters, layout.socketDir]) {
    if (await canEnter(folder, user)) continue;
    const closed = await firstClosed(folder, user);
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot keep the embedded Postgres in ${layout.dataDir}: started by root, Postgres runs as the user ` +
        `${user.name}, to whom the folder ${closed} is closed: set SPILLWAY_DATA_DIR to a folder outside it ` +
        `(/var/lib/spillway), or open it with \`chmod o+x ${closed}\``,
    );
  }
}

/** By the shell, which initdb needs too; without one, initdb will say so. */
async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  const { code } = await runBinary("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], user);
  return code <= 0;
}

async function firstClosed(folder: string, user: ServerUser): Promise<string> {
  const parent = dirname(folder);
  if (parent === folder || (await canEnter(parent, user))) return folder;
  return firstClosed(parent, user);
}
