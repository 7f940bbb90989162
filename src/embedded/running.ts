import { readFile } from "node:fs/promises";
import { urlOf } from "./embedded-postgres.ts";
import { layoutOf } from "./layout.ts";
import { findPostmaster } from "./postmaster-file.ts";

/** Where the embedded Postgres of a running service is reached, for a command beside it; null when none runs. */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | null> {
  const layout = layoutOf(dataDir);
  if ((await findPostmaster(layout.cluster)) === undefined) return null;
  return urlOf(layout, (await readFile(layout.passwordFile, "utf8")).trim());
}
