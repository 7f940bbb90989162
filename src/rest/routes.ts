import { type Request, type RequestHandler, type Response, Router } from "express";
import { SpillwayError } from "../errors.ts";
import { type Context, createContext, type Sources } from "../graphql/context.ts";
import type { Actor, Scope } from "../store/tokens.ts";
import { listAnomalies } from "./anomalies.ts";
import { ask, checkDocument } from "./ask.ts";
import { listAudit } from "./audit.ts";
import { getCounter, listCounters } from "./counters.ts";
import { listEvents, postEvent } from "./events.ts";
import { formatOf, sendRows } from "./formats.ts";
import { getHandshakes } from "./handshakes.ts";
import { heatmap } from "./heatmap.ts";
import { hostRates } from "./host-rates.ts";
import { getHost, listHosts } from "./hosts.ts";
import { getIncident, incidentVerbs, listIncidents } from "./incidents.ts";
import { paramReader, readPart } from "./input.ts";
import { listLabels } from "./labels.ts";
import { listListeners } from "./listeners.ts";
import { openApiOf } from "./openapi.ts";
import { report } from "./report.ts";
import type { Route } from "./route.ts";
import { createSilence, expireSilence, listSilences } from "./silences.ts";
import { getStorage } from "./storage.ts";
import { createToken, listTokens, revokeToken, rotateToken } from "./tokens.ts";
import { top } from "./top.ts";
import { trend } from "./trend.ts";

/** Everything below /v1 but the agents' pushes, in the order in which the OpenAPI document has it. */
export const ROUTES: readonly Route[] = [
  listHosts,
  getHost,
  hostRates,
  listLabels,
  trend,
  getHandshakes,
  top,
  heatmap,
  listListeners,
  listIncidents,
  getIncident,
  ...incidentVerbs,
  report,
  listAnomalies,
  listSilences,
  createSilence,
  expireSilence,
  listEvents,
  postEvent,
  listCounters,
  getCounter,
  listTokens,
  createToken,
  rotateToken,
  revokeToken,
  listAudit,
  getStorage,
];

export interface RestDeps {
  readonly sources: Sources;
  /** Who sent the request that is answered. @throws UNAUTHENTICATED, FORBIDDEN without the scope */
  readonly authenticate: (response: Response, scope: Scope) => Actor;
}

export function restRoutes({ sources, authenticate }: RestDeps): Router {
  const router = Router();
  for (const route of ROUTES) {
    checkDocument(route);
    const path = route.url.replaceAll(/\{(\w+)\}/g, ":$1");
    const readParams = paramReader(route.query);
    router[route.method](path, async (request, response) => {
      const actor = authenticate(response, route.scope);
      const { format: _, ...query } = request.query;
      const given = {
        path: readPart("path", route.path, request.params),
        query: readPart("query", route.query, readParams(query)),
        body: readPart("body", route.body, request.body),
      };
      await answer(route, given, createContext(sources, actor), request, response);
    });
  }
  const document = openApiOf(ROUTES, sources.system.version);
  router.get("/openapi.json", (_request, response) => {
    authenticate(response, "read");
    response.set("Cache-Control", "private, no-cache").json(document);
  });
  router.use(wrongMethod());
  return router;
}

async function answer(
  route: Route,
  given: Parameters<Route["variables"]>[0],
  context: Context,
  request: Request,
  response: Response,
): Promise<void> {
  const format = formatOf(request);
  if (format !== "json" && route.rows === undefined) {
    throw new SpillwayError("BAD_REQUEST", `format: ${request.path} is no table, and is given as json alone`);
  }
  const data = await ask(route, route.variables(given), context);
  const shaped = route.shape(data, given);
  response.set("Cache-Control", route.revalidate === true ? "private, no-cache" : "no-store");
  response.vary("Accept").status(route.status ?? 200);
  if (format === "json" || route.rows === undefined) response.json(shaped);
  else sendRows(response, format, route.rows(shaped));
}

/** A method that a path does not have is told apart from a path that there is not. */
function wrongMethod(): RequestHandler {
  const known = ROUTES.map(({ url, method }) => ({
    pattern: new RegExp(`^${url.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    method: method.toUpperCase(),
  }));
  return (request, response, next) => {
    const allowed = known.filter(({ pattern }) => pattern.test(request.path)).map(({ method }) => method);
    if (allowed.length === 0) return next();
    response.set("Allow", allowed.join(", "));
    throw new SpillwayError(
      "METHOD_NOT_ALLOWED",
      `${request.method} is not for /v1${request.path}: it takes ${allowed.join(", ")}`,
    );
  };
}
