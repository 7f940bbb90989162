import { randomBytes } from "node:crypto";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
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
  // Made beside its place: a start that ends half way, on a full disk say, leaves no file without a token.
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (!exists) {
    const secret = newSecret();
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(`${secret}\n`);
      await file.sync();
      // A link, unlike a rename, does not replace what another start has put there meanwhile.
      await link(temporary, path);
      return secret;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
  }
  const secret = (await readFile(path, "utf8")).trim();
  if (/^[^\s]{20,200}$/.test(secret)) return secret;
  throw new SpillwayError(
    "CONFIGURATION",
    `${path} holds no token: delete it, and the service makes another`,
  );
}
