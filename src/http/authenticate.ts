import type { Request } from "express";
import { SpillwayError } from "../errors.ts";
import type { Actors } from "../store/actors.ts";
import type { Actor, Scope } from "../store/tokens.ts";

export const SESSION_COOKIE = "spillway_session";

/**
 * Who sends a request: the holder of its bearer token, or of its session cookie.
 *
 * @throws UNAUTHENTICATED when neither is good
 */
export async function requireActor(actors: Actors, request: Request): Promise<Actor> {
  const actor = await actorOf(actors, request);
  if (actor !== null) return actor;
  throw new SpillwayError(
    "UNAUTHENTICATED",
    "no valid token or session: send the header `Authorization: Bearer <token>`, or sign in by the link that " +
      "the service prints when it starts",
  );
}

/** As `requireActor`, for what needs a scope. @throws UNAUTHENTICATED; FORBIDDEN without the scope */
export async function authenticate(actors: Actors, request: Request, scope: Scope): Promise<Actor> {
  const actor = await requireActor(actors, request);
  if (!actor.scopes.includes(scope)) {
    throw new SpillwayError(
      "FORBIDDEN",
      `"${actor.name}" has the scopes ${actor.scopes.join(", ") || "(none)"}; this needs "${scope}"`,
    );
  }
  return actor;
}

/** Null when there is no token or session, or none that holds. A bad token is not saved by a good cookie. */
export async function actorOf(actors: Actors, request: Request): Promise<Actor | null> {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const secret = /^Bearer +([^\s]{1,200})$/i.exec(header)?.[1];
    return secret === undefined ? null : actors.ofToken(secret);
  }
  const secret = sessionCookie(request);
  return secret === null ? null : actors.ofSession(secret);
}

/** The session secret that a browser sends; null when it sends none. */
export function sessionCookie(request: Request): string | null {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === SESSION_COOKIE && value !== undefined && value !== "") return value;
  }
  return null;
}
