import type { IncomingMessage } from "node:http";
import type { CookieOptions, Response } from "express";
import { SESSION_SECONDS } from "../store/sessions.ts";

const NAME = "spillway_session";

/** The session secret that a browser sends; null when it sends none. */
export function sessionSecret(request: IncomingMessage): string | null {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === NAME && value !== undefined && /^[\w-]{1,200}$/.test(value)) return value;
  }
  return null;
}

/** @param secure whether the cookie is for https only */
export function setSessionCookie(response: Response, secret: string, secure: boolean): void {
  response.cookie(NAME, secret, { ...options(secure), maxAge: SESSION_SECONDS * 1000 });
}

export function clearSessionCookie(response: Response, secure: boolean): void {
  response.clearCookie(NAME, options(secure));
}

/** Lax: a link from elsewhere finds the browser signed in, a form from elsewhere does not. */
function options(secure: boolean): CookieOptions {
  return { httpOnly: true, sameSite: "lax", secure, path: "/" };
}
