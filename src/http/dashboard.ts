import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Response, Router } from "express";
import { callerOf } from "./access.ts";
import { PAGE_CSS, page } from "./page.ts";

/** What scripts/build.mjs makes of web/dashboard. */
const FOLDER = fileURLToPath(new URL("../web/dashboard", import.meta.url));
/** Names of assets carry a hash of what is in them. */
const FOREVER = "public, max-age=31536000, immutable";
/** How a file is sent, the smaller form first, and the ending of that form. */
const ENCODINGS = { br: ".br", gzip: ".gz" } as const;

/** The dashboard's own paths, as in web/dashboard/paths.json: what is at none of them is not there. */
export const DASHBOARD_PATHS = [
  "/",
  "/incidents",
  "/incidents/:id",
  "/hosts",
  "/hosts/:id",
  "/listeners",
  "/counters",
  "/counters/:name",
  "/settings",
  "/settings/:section",
  "/add-host",
];

/** What the build has made. */
interface Built {
  readonly index: string;
  readonly assets: ReadonlySet<string>;
}

/**
 * The dashboard: one page at each of its known paths, for whoever is signed in, and its assets, which anybody may
 * read. A stranger is sent to sign in, and from there back. Whatever else is asked for is not here.
 */
export function dashboardRoutes(): Router {
  const built = readBuilt();
  const router = Router();
  router.get("/page.css", (_request, response) => {
    response.set("Cache-Control", "public, max-age=3600").type("css").send(PAGE_CSS);
  });
  router.get(DASHBOARD_PATHS, (request, response) => {
    response.set("Cache-Control", "no-store").type("html");
    if (callerOf(response)?.scopes.includes("read") !== true)
      return sendStranger(response, request.originalUrl);
    return response.send(built?.index ?? NOT_BUILT);
  });
  router.get("/assets/:name", (request, response, next) => {
    const { name } = request.params;
    if (built?.assets.has(name) !== true) return next();
    response
      .set({ "Cache-Control": FOREVER, Vary: "Accept-Encoding" })
      .type(name.slice(name.lastIndexOf(".")));
    const encoding = request.acceptsEncodings("br", "gzip");
    const ending = encoding === "br" || encoding === "gzip" ? ENCODINGS[encoding] : "";
    if (ending !== "") response.set("Content-Encoding", String(encoding));
    return response.sendFile(join(FOLDER, "assets", `${name}${ending}`), {
      cacheControl: false,
      acceptRanges: false,
    });
  });
  return router;
}

const NOT_BUILT = page(
  "Not built",
  "<p>The dashboard is not built: <code>npm run build</code> makes it.</p>",
);

function sendStranger(response: Response, from: string): void {
  const next = from === "/" ? "" : `?next=${encodeURIComponent(from)}`;
  response.status(401).send(
    page(
      "Not signed in",
      `<p><a class="button" href="/sign-in${next}">Sign in</a></p>
<p>By a token, or by the link that the service prints when it starts.</p>`,
    ),
  );
}

/** Null where nothing was built, as where the sources themselves are run. */
function readBuilt(): Built | null {
  try {
    return {
      index: readFileSync(join(FOLDER, "index.html"), "utf8"),
      assets: new Set(readdirSync(join(FOLDER, "assets")).filter((name) => !/\.(br|gz)$/.test(name))),
    };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
