import express, { type Express } from "express";
import type { Metrics } from "../telemetry/metrics.ts";
import { type HealthDeps, healthRoutes } from "./health.ts";
import { metricsRoutes } from "./metrics.ts";

/** What a process has over HTTP that answers no questions: whether it lives, whether it can work, its metrics. */
export function createHealthApp({ metrics, ...health }: HealthDeps & { readonly metrics: Metrics }): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(healthRoutes(health));
  app.use(metricsRoutes({ metrics, fleet: null }));
  app.use((_request, response) => {
    response
      .status(404)
      .type("text/plain")
      .send("there is nothing here: see /healthz, /readyz and /metrics\n");
  });
  return app;
}
