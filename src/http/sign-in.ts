import express, { type Request, type Response, Router } from "express";
import type { PrismaClient } from "../store/client.ts";
import { endSession, redeemSignInLink, type SignIn, signInByToken } from "../store/sessions.ts";
import { type Access, callerOf } from "./access.ts";
import { refuseForeignChange } from "./cross-origin.ts";
import { escapeHtml, page } from "./page.ts";
import { clearSessionCookie, sessionSecret, setSessionCookie } from "./session-cookie.ts";

export interface SignInDeps {
  readonly db: PrismaClient;
  readonly access: Access;
  /** ms since 1970 */
  readonly now: () => number;
  /** Marks the cookie for https only. */
  readonly secure: boolean;
}

/** A token is 47 characters; the rest is for one that somebody chose. */
const FORM_BYTES = 2_000;
/** Of a path to come back to, encoded as a form does it: the form must hold it beside the token. */
const NEXT_MAX = 500;
/** Any address does: what is resolved against it and stays on it is a path of ours. */
const HERE = "http://spillway.invalid";

/**
 * `GET /sign-in` is a form that takes a token; with `?code=...` it takes a one-time code instead. `POST /sign-in`
 * is what the form sends, and `POST /sign-out` ends the session. All of it works without JavaScript.
 */
export function signInRoutes({ db, access, now, secure }: SignInDeps): Router {
  const router = Router();
  const signInOf = (request: Request): SignIn => ({ address: access.proxies.addressOf(request), now: now() });

  /** Ends the session of a cookie that is replaced: nobody could end it any more. */
  const endSessionOf = async (request: Request): Promise<void> => {
    const secret = sessionSecret(request);
    if (secret !== null) await endSession(db, secret, now());
  };

  router.use(["/sign-in", "/sign-out"], (request, response, next) => {
    response.set("Cache-Control", "no-store");
    // Signing in counts, too: a page of another site must not sign a browser in as somebody else.
    refuseForeignChange(request, access.publicUrl);
    next();
  });

  router.get("/sign-in", async (request, response, next) => {
    // Express answers HEAD by GET; a preview that looks ahead must not use the code up.
    if (request.method !== "GET") return next();
    const caller = callerOf(response);
    const { code, next: wanted } = request.query;
    // A browser that the link signed in keeps its session: the link may be opened again, and costs no second one.
    const isAdministrator = caller?.kind === "session" && caller.scopes.includes("admin");
    if (isAdministrator || (caller !== null && code === undefined)) {
      return response.redirect(303, ownPath(wanted));
    }
    if (code === undefined) return sendForm(response, 200, null, ownPath(wanted));
    await access.limits.signIn(access.proxies.addressOf(request));
    const secret = typeof code === "string" ? await redeemSignInLink(db, code, signInOf(request)) : null;
    if (secret === null) {
      return sendForm(
        response,
        401,
        "This sign-in link is not valid: it was used, or is more than 15 minutes old. Restart the service, or run " +
          "`npx spillway sign-in` beside it, to get another; or sign in by a token.",
      );
    }
    await endSessionOf(request);
    setSessionCookie(response, secret, secure);
    return response.redirect(303, "/");
  });

  router.post(
    "/sign-in",
    async (request, _response, next) => {
      await access.limits.signIn(access.proxies.addressOf(request));
      next();
    },
    express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: 10 }),
    async (request, response) => {
      const { token, next: wanted } = (request.body ?? {}) as {
        readonly token?: unknown;
        readonly next?: unknown;
      };
      const next = ownPath(wanted);
      const secret = typeof token === "string" ? token.trim() : "";
      const actor = secret === "" ? null : await access.actors.ofToken(secret);
      if (actor === null) {
        return sendForm(response, 401, "This token is unknown, revoked or expired.", next);
      }
      if (!actor.scopes.includes("read")) {
        return sendForm(
          response,
          403,
          `The token "${actor.name}" may not read: use one with the scope "read".`,
          next,
        );
      }
      await endSessionOf(request);
      setSessionCookie(response, await signInByToken(db, actor, signInOf(request)), secure);
      return response.redirect(303, next);
    },
  );

  router.post("/sign-out", async (request, response) => {
    await endSessionOf(request);
    clearSessionCookie(response, secure);
    response.redirect(303, "/");
  });

  return router;
}

/** A path of this service that somebody wants to come back to; "/" for what is none, as an address elsewhere. */
function ownPath(said: unknown): string {
  if (typeof said !== "string" || said.length > NEXT_MAX || !URL.canParse(said, HERE)) return "/";
  const { origin, pathname, search } = new URL(said, HERE);
  // What begins with two slashes, or with a slash and a backslash, is another host's to a browser.
  return origin === HERE && !pathname.startsWith("//") ? pathname + search : "/";
}

function sendForm(response: Response, status: number, fault: string | null, next = "/"): void {
  response
    .status(status)
    .type("html")
    .send(
      page(
        "Sign in",
        `${fault === null ? "" : `<p role="alert">${escapeHtml(fault)}</p>\n`}<form method="post" action="/sign-in">${next === "/" ? "" : `<input type="hidden" name="next" value="${escapeHtml(next)}">`}
<p><label for="token">Token</label><br>
<input id="token" name="token" type="password" autocomplete="current-password" required size="50" maxlength="200" autofocus></p>
<p><button>Sign in</button></p>
</form>
<p>A token with the scope <code>read</code>: <code>npx spillway token create --scope read</code> makes one. Or open the link that <code>npx spillway sign-in</code> prints.</p>`,
      ),
    );
}
