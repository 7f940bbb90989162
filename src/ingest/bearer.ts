import { SpillwayError } from "../errors.ts";
import type { Actors } from "../store/actors.ts";
import type { Actor, Scope } from "../store/tokens.ts";

/**
 * Whoever holds the token of an Authorization header.
 *
 * @throws UNAUTHENTICATED without a good token, FORBIDDEN when the token lacks the scope
 */
export async function requireBearer(
  actors: Actors,
  header: string | undefined,
  scope: Scope,
): Promise<Actor> {
  const secret = header === undefined ? undefined : /^Bearer +([^\s]{1,200})$/i.exec(header)?.[1];
  if (secret === undefined) {
    throw new SpillwayError("UNAUTHENTICATED", "no token: send the header `Authorization: Bearer <token>`");
  }
  const actor = await actors.ofToken(secret);
  if (actor === null) {
    throw new SpillwayError(
      "UNAUTHENTICATED",
      `the token ${secret.slice(0, 8)}... is unknown, revoked or expired: use a valid one with the scope "${scope}"`,
    );
  }
  if (!actor.scopes.includes(scope)) {
    throw new SpillwayError(
      "FORBIDDEN",
      `the token "${actor.name}" has the scopes ${actor.scopes.join(", ") || "(none)"}; this needs "${scope}"`,
    );
  }
  return actor;
}
