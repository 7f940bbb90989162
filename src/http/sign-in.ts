import { Router } from "express";
import type { Actors } from "../store/actors.ts";
import type { PrismaClient } from "../store/client.ts";
import { endSession, redeemSignInLink, SESSION_SECONDS } from "../store/sessions.ts";
import { actorOf, SESSION_COOKIE, sessionCookie } from "./authenticate.ts";
import { page } from "./page.ts";

export interface SignInDeps {
  readonly db: PrismaClient;
  readonly actors: Actors;
  readonly now: () => number;
  /** Marks the cookie for https only. */
  readonly secure: boolean;
}

/** `/sign-in?code=...` takes a one-time code for a session cookie; `POST /sign-out` ends it. */
export function signInRoutes({ db, actors, now, secure }: SignInDeps): Router {
  const router = Router();
  const cookie = { httpOnly: true, sameSite: "lax", secure, path: "/" } as const;

  router.get("/sign-in", async (request, response, next) => {
    // Express answers HEAD by GET; a preview that looks ahead must not use the code up.
    if (request.method !== "GET") return next();
    response.set("Cache-Control", "no-store").set("Referrer-Policy", "no-referrer");
    // A browser that is signed in keeps its session: the link may be opened again, and costs no second one.
    if ((await actorOf(actors, request)) !== null) return response.redirect(303, "/");
    const { code } = request.query;
    const secret = typeof code === "string" ? await redeemSignInLink(db, code, now()) : null;
    if (secret === null) {
      return response
        .status(401)
        .type("html")
        .send(
          page(
            "Sign in",
            "<p>This sign-in link is not valid: it was used, or is more than 15 minutes old. " +
              "Restart the service, or run <code>npx spillway sign-in</code> beside it, to get another.</p>",
          ),
        );
    }
    response.cookie(SESSION_COOKIE, secret, { ...cookie, maxAge: SESSION_SECONDS * 1000 });
    return response.redirect(303, "/");
  });

  router.post("/sign-out", async (request, response) => {
    const secret = sessionCookie(request);
    if (secret !== null) await endSession(db, secret);
    response.clearCookie(SESSION_COOKIE, cookie).redirect(303, "/");
  });

  return router;
}
