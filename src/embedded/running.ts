import { readFile } from "node:fs/promises";
import { urlOf } from "./embedded-postgres.ts";
import { layoutOf } from "./layout.ts";
import { findPostmaster } from "./postmaster-file.ts";

/** Where the embedded Postgres of a running service is reached, for a command beside it; null when none runs. */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | null> {
  const layout = layoutOf(dataDir);
  const postmaster = await findPostmaster(layout.cluster);
  if (postmaster === undefined) return null;
  // Where that server has its socket: with another TMPDIR it may not be where we would put it.
  const { socketDir } = postmaster;
  return urlOf({ ...layout, socketDir }, (await readFile(layout.passwordFile, "utf8")).trim());
}
