import { fileURLToPath } from "node:url";
import express, { Router } from "express";
import helmet from "helmet";
import { callerOf } from "./access.ts";
import { ICON_LINK } from "./icon.ts";

/** What scripts/build.mjs makes of web/graphiql. */
const ASSETS = fileURLToPath(new URL("../web/graphiql", import.meta.url));

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL - Spillway</title>
${ICON_LINK}
<link rel="stylesheet" href="/graphiql/page.css">
<link rel="stylesheet" href="/graphiql/main.css">
<div id="graphiql"></div>
<script src="/graphiql/main.js"></script>
</html>
`;

/**
 * `/graphiql`: an editor for queries, with the committed examples, for a signed-in browser.
 *
 * Its editor writes styles of its own and works in workers, so its policy allows those two and no more.
 */
export function graphiqlRoutes(): Router {
  const router = Router();
  const policy = helmet.contentSecurityPolicy({
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "script-src": ["'self'"],
      "style-src": ["'self'", "'unsafe-inline'"],
      "font-src": ["'self'", "data:"],
      "img-src": ["'self'", "data:"],
      "connect-src": ["'self'"],
      "worker-src": ["'self'"],
      "form-action": ["'none'"],
      "base-uri": ["'none'"],
      "frame-ancestors": ["'none'"],
    },
  });
  router.get("/graphiql", policy, (_request, response) => {
    if (callerOf(response)?.scopes.includes("read") !== true) return response.redirect(303, "/sign-in");
    return response.set("Cache-Control", "no-store").type("html").send(PAGE);
  });
  // Code that anybody may read; what it asks for needs the session.
  router.use("/graphiql", policy, express.static(ASSETS, { index: false, dotfiles: "ignore", maxAge: "1h" }));
  return router;
}
