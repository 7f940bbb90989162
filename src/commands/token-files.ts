import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeOnce } from "../embedded/make-once.ts";
import { SpillwayError } from "../errors.ts";
import type { PrismaClient } from "../store/client.ts";
import { keepFileToken } from "../store/token-changes.ts";
import { newSecret, type Scope } from "../store/tokens.ts";

/** The tokens that the service keeps as files in its data folder, so that a first user has some. */
const FILES = [
  { file: "admin-token", scopes: ["read", "operate", "admin"] },
  { file: "ingest-token", scopes: ["ingest"] },
] as const satisfies readonly { file: string; scopes: readonly Scope[] }[];

export interface TokenFiles {
  readonly admin: string;
  readonly ingest: string;
}

/**
 * Makes the token files that are missing, and keeps what they say as valid. A file that was replaced, or
 * deleted and made anew, revokes what it held before; one whose token was revoked is made anew.
 *
 * @param now ms since 1970
 * @returns their paths
 */
export async function ensureTokenFiles(db: PrismaClient, dataDir: string, now: number): Promise<TokenFiles> {
  for (const { file, scopes } of FILES) {
    const path = join(dataDir, file);
    const keep = async () => keepFileToken(db, await readOrMake(path), { name: file, scopes }, now);
    if (await keep()) continue;
    await rm(path);
    await keep();
  }
  return { admin: join(dataDir, FILES[0].file), ingest: join(dataDir, FILES[1].file) };
}

async function readOrMake(path: string): Promise<string> {
  if (!existsSync(path)) await makeOnce(path, `${newSecret()}\n`);
  const secret = (await readFile(path, "utf8")).trim();
  if (/^[^\s]{20,200}$/.test(secret)) return secret;
  throw new SpillwayError(
    "CONFIGURATION",
    `${path} holds no token: delete it, and the service makes another`,
  );
}
