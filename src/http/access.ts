import type { IncomingMessage } from "node:http";
import type { RequestHandler, Response } from "express";
import { SpillwayError } from "../errors.ts";
import type { Opener } from "../graphql/subscription-server.ts";
import { bearerSecret } from "../ingest/bearer.ts";
import type { Actors } from "../store/actors.ts";
import { type Actor, actorKey, requireScope, type Scope } from "../store/tokens.ts";
import { refuseForeignChange } from "./cross-origin.ts";
import type { Proxies } from "./proxies.ts";
import { networkOf, type RateLimits } from "./rate-limits.ts";
import { sessionSecret } from "./session-cookie.ts";

export interface AccessDeps {
  readonly actors: Actors;
  readonly proxies: Proxies;
  readonly limits: RateLimits;
  /** Where people reach the service; null when that is whatever they call it by. */
  readonly publicUrl: string | null;
}

/** Who may come in: for everything over HTTP but the pushes, which are let in by ingest/bearer.ts. */
export class Access {
  readonly actors: Actors;
  readonly proxies: Proxies;
  readonly limits: RateLimits;
  readonly publicUrl: string | null;

  constructor({ actors, proxies, limits, publicUrl }: AccessDeps) {
    this.actors = actors;
    this.proxies = proxies;
    this.limits = limits;
    this.publicUrl = publicUrl;
  }

  /**
   * Who sends a request: the holder of its bearer token; else of its session cookie; else the person whom a
   * trusted proxy names. Null for a stranger. A bad token is not saved by a good cookie.
   *
   * Also counts the request, for whoever it is or for a stranger's address.
   *
   * @param authorization the header of that name, or what is sent in its place where there can be none
   * @throws RATE_LIMITED; FORBIDDEN for a change that another site's page asks for
   */
  async actorOf(
    request: IncomingMessage,
    authorization: string | undefined = request.headers.authorization,
  ): Promise<Actor | null> {
    const actor = await this.#identify(request, authorization, this.#limited(request));
    if (actor === null) await this.limits.stranger(this.proxies.addressOf(request));
    else await this.limits.call(actor);
    return actor;
  }

  /**
   * Who holds what was shown with a request now, as `actorOf` says, for one that is asked about again and again: it
   * counts for nobody, and no limit keeps it from being asked.
   */
  holderOf(request: IncomingMessage, authorization = request.headers.authorization): Promise<Actor | null> {
    return this.#identify(request, authorization, (_secret, look) => look());
  }

  /** Who asks for a socket: somebody known, or a network's strangers, for whom it counts. @throws RATE_LIMITED */
  async openerOf(request: IncomingMessage): Promise<Opener> {
    const actor = await this.#find(request, request.headers.authorization, this.#limited(request));
    if (actor !== null) return { key: actorKey(actor), known: true };
    const address = this.proxies.addressOf(request);
    await this.limits.stranger(address);
    return { key: networkOf(address), known: false };
  }

  /** A look-up costs the database something: strangers do not get many. */
  #limited(request: IncomingMessage): LookUp {
    return async (secret, look) => {
      if (!this.actors.remembers(secret)) await this.limits.mayGuess(this.proxies.addressOf(request));
      return look();
    };
  }

  /** @throws FORBIDDEN, and what `lookUp` throws */
  async #identify(
    request: IncomingMessage,
    authorization: string | undefined,
    lookUp: LookUp,
  ): Promise<Actor | null> {
    const actor = await this.#find(request, authorization, lookUp);
    // A token is sent by a program, and by no page of another site.
    if (actor !== null && !isBearer(authorization)) refuseForeignChange(request, this.publicUrl);
    return actor;
  }

  async #find(
    request: IncomingMessage,
    authorization: string | undefined,
    lookUp: LookUp,
  ): Promise<Actor | null> {
    if (isBearer(authorization)) {
      const secret = bearerSecret(authorization);
      return secret === null ? null : lookUp(secret, () => this.actors.ofToken(secret));
    }
    const secret = sessionSecret(request);
    const session = secret === null ? null : await lookUp(secret, () => this.actors.ofSession(secret));
    return session ?? this.proxies.userOf(request);
  }
}

/** Looks up who holds a secret. */
type LookUp = (secret: string, look: () => Promise<Actor | null>) => Promise<Actor | null>;

/** Another scheme is for the proxy before us, which has let the request pass. */
export function isBearer(authorization: string | undefined): authorization is string {
  return authorization !== undefined && /^Bearer\b/i.test(authorization);
}

/** Keeps who sends a request, for what answers it. */
export function identify(access: Access): RequestHandler {
  return async (request, response, next) => {
    response.locals.actor = await access.actorOf(request);
    next();
  };
}

/** Whom `identify` found; null for a stranger. */
export function callerOf(response: Response): Actor | null {
  return response.locals.actor as Actor | null;
}

/**
 * Lets on who has a scope; with null, whoever is known.
 *
 * @throws UNAUTHENTICATED for a stranger, FORBIDDEN without the scope
 */
export function requireCaller(response: Response, scope: Scope | null): Actor {
  const actor = callerOf(response);
  if (actor === null) {
    throw new SpillwayError(
      "UNAUTHENTICATED",
      "no valid token or session: send the header `Authorization: Bearer <token>`, or sign in at /sign-in",
    );
  }
  if (scope !== null) requireScope(actor, scope);
  return actor;
}
