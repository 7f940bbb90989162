import type { ApolloServer } from "@apollo/server";
import { expressMiddleware } from "@as-integrations/express5";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { asSpillwayError, problemOf, SpillwayError } from "../errors.ts";
import { type Context, createContext, type Sources } from "../graphql/context.ts";
import { prometheusRoutes } from "../rest/prometheus/routes.ts";
import { restRoutes } from "../rest/routes.ts";
import { asUnavailable } from "../store/errors.ts";
import type { Scope } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { type Access, identify, requireCaller } from "./access.ts";
import { dashboardRoutes } from "./dashboard.ts";
import { type DownloadsDeps, downloadRoutes } from "./downloads.ts";
import { graphiqlRoutes } from "./graphiql.ts";
import { graphqlGuard } from "./graphql-guard.ts";
import { type HealthDeps, healthRoutes } from "./health.ts";
import { iconRoutes } from "./icon.ts";
import { metricsRoutes } from "./metrics.ts";
import { notFoundPage } from "./page.ts";
import { signInRoutes } from "./sign-in.ts";

export interface AppDeps extends HealthDeps, DownloadsDeps {
  readonly metrics: Metrics;
  readonly sources: Sources;
  readonly access: Access;
  readonly apollo: ApolloServer<Context>;
  /** The public address is https. */
  readonly secure: boolean;
}

const BODY_BYTES = 100_000;

/** Everything over HTTP but the agents' pushes, which do not come this far (server.ts). */
export function createApp(deps: AppDeps): Express {
  const { sources, access, apollo, log, metrics } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          "default-src": ["'none'"],
          "script-src": ["'self'"],
          "style-src": ["'self'"],
          "img-src": ["'self'", "data:"],
          "connect-src": ["'self'"],
          "form-action": ["'self'"],
          "base-uri": ["'none'"],
          "frame-ancestors": ["'none'"],
        },
      },
      // Of this name alone: what else is below it is not ours to say.
      strictTransportSecurity: deps.secure && { includeSubDomains: false },
      // Not "no-referrer", helmet's own: with it a form tells no origin, and nobody could sign in over plain HTTP.
      referrerPolicy: { policy: "same-origin" },
    }),
  );
  app.use(healthRoutes(deps));
  // It is there without the database, by which everybody else is known.
  app.use(metricsRoutes({ metrics, fleet: { sources, access, log } }));
  // Known before a byte is parsed: a stranger costs no more than the look at some headers.
  app.use(identify(access));
  app.use(downloadRoutes(deps));
  app.use(signInRoutes({ db: sources.db, access, now: sources.now, secure: deps.secure }));
  app.use(dashboardRoutes());
  app.use(graphiqlRoutes());
  app.use(iconRoutes());
  app.use(
    "/graphql",
    letOn("read"),
    express.json({ limit: BODY_BYTES }),
    graphqlGuard,
    expressMiddleware(apollo, {
      context: async ({ res }) => createContext(sources, requireCaller(res, "read")),
    }),
  );
  app.use(
    "/v1",
    // Each route asks for its own scope.
    letOn(null),
    express.json({ limit: BODY_BYTES }),
    restRoutes({ sources, authenticate: requireCaller }),
  );
  app.use("/api/v1", prometheusRoutes({ sources, log, authenticate: requireCaller }));
  app.use((request, response) => {
    const path = request.path.slice(0, 200);
    // A program that does not say gets what programs read.
    if (request.accepts(["json", "html"]) !== "html")
      throw new SpillwayError("NOT_FOUND", `there is nothing at ${path}`);
    response.status(404).type("html").send(notFoundPage(path));
  });
  app.use(problemHandler(log));
  return app;
}

/** Lets on who has a scope, or with null whoever is known, before a byte of the body is read. */
function letOn(scope: Scope | null): RequestHandler {
  return (_request, response, next) => {
    response.set("Cache-Control", "no-store");
    requireCaller(response, scope);
    next();
  };
}

/** Errors as `application/problem+json`. */
function problemHandler(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, _request, response, _next) => {
    const error = fromExpress(thrown) ?? asSpillwayError(asUnavailable(thrown));
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ err: error.cause ?? error }, `a request failed: ${error.message}`);
    if (error.code === "UNAUTHENTICATED") response.set("WWW-Authenticate", "Bearer");
    const { retryAfterSeconds } = error.details;
    if (retryAfterSeconds !== undefined) response.set("Retry-After", String(retryAfterSeconds));
    if (!response.headersSent) response.status(problem.status).type("application/problem+json").json(problem);
  };
}

/** What Express and its parsers find wrong with a request: their errors carry a status, and no code of ours. */
function fromExpress(thrown: unknown): SpillwayError | null {
  if (!(thrown instanceof Error) || !("status" in thrown)) return null;
  const { message, status } = thrown;
  switch (status) {
    case 413:
      return new SpillwayError(
        "PAYLOAD_TOO_LARGE",
        "limit" in thrown ? `the body is over ${String(thrown.limit)} bytes` : message,
      );
    case 415:
      return new SpillwayError("UNSUPPORTED_MEDIA_TYPE", message);
    default:
      return typeof status === "number" && status >= 400 && status < 500
        ? new SpillwayError("BAD_REQUEST", `the request cannot be read: ${message}`)
        : null;
  }
}
