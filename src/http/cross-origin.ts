import type { IncomingMessage } from "node:http";
import { SpillwayError } from "../errors.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a change that another site's page asks for with what a browser adds by itself: a cookie, or what a
 * proxy knows. Browsers say where a request comes from, in Sec-Fetch-Site, or, over plain HTTP and when they are
 * older, in Origin; what says neither is no browser of these years. Opening a WebSocket counts as a change: it
 * may ask for some.
 *
 * @param publicUrl where people reach the service; null when that is whatever Host names
 * @throws FORBIDDEN
 */
export function refuseForeignChange(request: IncomingMessage, publicUrl: string | null): void {
  const { method = "", headers } = request;
  if (SAFE_METHODS.has(method) && headers.upgrade === undefined) return;
  if (!isForeign(request, publicUrl)) return;
  throw new SpillwayError(
    "FORBIDDEN",
    `this change was asked for by a page of another site (${String(headers.origin ?? headers["sec-fetch-site"]).slice(0, 100)}): ` +
      "open the service's own page, or send a token. Behind a proxy, set SPILLWAY_PUBLIC_URL to the address in the browser",
  );
}

function isForeign({ headers }: IncomingMessage, publicUrl: string | null): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const { origin, host } = headers;
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const from = new URL(origin);
  if (publicUrl !== null && from.origin === new URL(publicUrl).origin) return false;
  // Whichever of http and https: a proxy may have taken the one off.
  return from.host !== host?.toLowerCase();
}
