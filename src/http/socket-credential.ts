import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SpillwayError } from "../errors.ts";
import type { Credential } from "../graphql/subscription-credentials.ts";
import { bearerSecret } from "../ingest/bearer.ts";
import { type Access, isBearer } from "./access.ts";
import { sessionSecret } from "./session-cookie.ts";

/**
 * What a client shows when it opens a WebSocket: a bearer token in its connection parameters, since a browser can
 * set no header; or else what any request shows.
 *
 * @throws UNAUTHENTICATED for parameters of another form
 */
export function socketCredential(
  access: Access,
): (request: IncomingMessage, params: Readonly<Record<string, unknown>>) => Credential {
  return (request, { authorization = request.headers.authorization }) => {
    if (authorization !== undefined && typeof authorization !== "string") {
      throw new SpillwayError("UNAUTHENTICATED", '`authorization` is a text: "Bearer <token>"');
    }
    // Only what is looked at: the same token with another cookie beside it is the same.
    const shown = isBearer(authorization)
      ? { token: bearerSecret(authorization) }
      : { session: sessionSecret(request), person: access.proxies.userOf(request)?.name };
    // Told apart by a hash, so that no secret is what things are named by.
    const key = createHash("sha256").update(JSON.stringify(shown)).digest("base64url");
    return {
      key,
      actor: () => access.actorOf(request, authorization),
      holder: () => access.holderOf(request, authorization),
    };
  };
}
