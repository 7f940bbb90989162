import type { Db } from "./client.ts";
import type { Token } from "./tokens.ts";

/** How exactly the last use of a token is known. */
const EVERY_MS = 60_000;

/**
 * Writes down that a token is used, at most once a minute over all processes, and while nobody waits for it.
 *
 * @param token as the database had it now
 * @param onError told when it could not be written, which harms nobody: the next use tries again
 */
export function noteUse(
  db: Db,
  { id, lastUsedAt }: Pick<Token, "id" | "lastUsedAt">,
  now: number,
  onError: (error: unknown) => void,
): void {
  if (lastUsedAt !== null && now - lastUsedAt.getTime() < EVERY_MS) return;
  db.token
    .updateMany({
      where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: new Date(now - EVERY_MS) } }] },
      data: { lastUsedAt: new Date(now) },
    })
    .catch(onError);
}
