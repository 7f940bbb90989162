import type { IncomingMessage } from "node:http";
import { SpillwayError } from "../errors.ts";
import type { Actors } from "../store/actors.ts";
import { requireScope, type Scope, type TokenActor } from "../store/tokens.ts";

/** How often one may come. Each throws RATE_LIMITED. */
export interface BearerLimits {
  /** Counts a push of a token. */
  push(tokenId: string): Promise<void>;
  /** Whether an address may show another secret that nobody knows; counts nothing. */
  mayGuess(address: string): Promise<void>;
  /** Counts a request of an address that showed nothing good. */
  stranger(address: string): Promise<void>;
}

export interface BearerDeps {
  readonly actors: Actors;
  readonly limits: BearerLimits;
  /** Where a request comes from, as far as trusted proxies say. */
  readonly addressOf: (request: IncomingMessage) => string;
}

/** The secret of an Authorization header; null when it is of another form. */
export function bearerSecret(header: string): string | null {
  return /^Bearer +([^\s]{1,200})$/i.exec(header)?.[1] ?? null;
}

/**
 * Whoever holds the token of a request's Authorization header.
 *
 * @throws UNAUTHENTICATED without a good token, FORBIDDEN when the token lacks the scope, RATE_LIMITED
 */
export async function requireBearer(
  { actors, limits, addressOf }: BearerDeps,
  request: IncomingMessage,
  scope: Scope,
): Promise<TokenActor> {
  const header = request.headers.authorization;
  const secret = header === undefined ? null : bearerSecret(header);
  if (secret === null) {
    await limits.stranger(addressOf(request));
    throw new SpillwayError("UNAUTHENTICATED", "no token: send the header `Authorization: Bearer <token>`");
  }
  if (!actors.remembers(secret)) await limits.mayGuess(addressOf(request));
  const actor = await actors.ofToken(secret);
  if (actor === null) {
    await limits.stranger(addressOf(request));
    throw new SpillwayError(
      "UNAUTHENTICATED",
      `the token ${secret.slice(0, 8)}... is unknown, revoked or expired: use a valid one with the scope "${scope}"`,
    );
  }
  await limits.push(actor.id ?? "");
  requireScope(actor, scope);
  return actor;
}
