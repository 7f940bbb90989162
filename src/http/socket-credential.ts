import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SpillwayError } from "../errors.ts";
import type { Credential } from "../graphql/subscription-credentials.ts";
import type { Actors } from "../store/actors.ts";
import { bearerSecret, sessionCookie } from "./authenticate.ts";

/**
 * What a client shows when it opens a WebSocket: a bearer token, in its connection parameters or as the header
 * of its request, or else a session's cookie. A browser sends that along from whatever page opens the socket, so
 * it is taken from pages of this service alone.
 *
 * @param publicUrl where people reach the service; null where that is the host that they ask
 * @throws UNAUTHENTICATED when nothing is shown, FORBIDDEN for a cookie from a page of another site
 */
export function socketCredential(
  actors: Actors,
  publicUrl: string | null,
): (request: IncomingMessage, params: Readonly<Record<string, unknown>>) => Credential {
  return (request, { authorization = request.headers.authorization }) => {
    if (authorization !== undefined) {
      const secret = typeof authorization === "string" ? bearerSecret(authorization) : null;
      if (secret === null)
        throw new SpillwayError("UNAUTHENTICATED", "`authorization` is not Bearer <token>");
      return { key: keyOf("token", secret), actor: () => actors.ofToken(secret) };
    }
    const session = sessionCookie(request);
    if (session === null) {
      throw new SpillwayError(
        "UNAUTHENTICATED",
        'connect with {authorization: "Bearer <token>"}, or signed in',
      );
    }
    if (!isOwnPage(request, publicUrl)) {
      throw new SpillwayError("FORBIDDEN", "a session opens sockets from pages of this service only");
    }
    return { key: keyOf("session", session), actor: () => actors.ofSession(session) };
  };
}

/** Told apart by a hash, so that the secret itself is not what things are named by. */
function keyOf(kind: string, secret: string): string {
  return `${kind} ${createHash("sha256").update(secret).digest("base64url")}`;
}

function isOwnPage({ headers: { origin, host } }: IncomingMessage, publicUrl: string | null): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  if (publicUrl !== null && new URL(publicUrl).origin === origin) return true;
  return host !== undefined && new URL(origin).host === host.toLowerCase();
}
