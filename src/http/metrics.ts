import { type Request, Router } from "express";
import { Registry, type RegistryContentType } from "prom-client";
import { asSpillwayError } from "../errors.ts";
import { createContext, type Sources } from "../graphql/context.ts";
import { addFleetMetrics } from "../rest/prometheus/fleet-metrics.ts";
import { asUnavailable } from "../store/errors.ts";
import type { Actor } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Access } from "./access.ts";

export interface FleetMetricsDeps {
  readonly sources: Sources;
  readonly access: Access;
  readonly log: Logger;
}

export interface MetricsDeps {
  readonly metrics: Metrics;
  /** Null in a process that answers no questions of the fleet. */
  readonly fleet: FleetMetricsDeps | null;
}

/**
 * `/metrics`: the process's own for everybody, and what the fleet is like for who may read, by the label `role` or the
 * one that `by` names. In OpenMetrics for who asks for it, else in Prometheus' text format.
 *
 * The process's own are told whatever is wrong with the rest: they say what it is.
 */
export function metricsRoutes({ metrics, fleet }: MetricsDeps): Router {
  const router = Router();
  router.get("/metrics", async (request, response) => {
    const registry = new Registry<RegistryContentType>();
    registry.setContentType(
      takesOpenMetrics(request) ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
    );
    for (const { name } of metrics.registry.getMetricsAsArray()) {
      const metric = metrics.registry.getSingleMetric(name);
      // By a name of its own: to write OpenMetrics, prom-client takes "_total" from the names of counters, and would leave
      // them without it for the next who asks for text.
      if (metric !== undefined)
        registry.registerMetric(Object.create(metric, { name: { value: name, writable: true } }));
    }
    if (fleet !== null) await addFleet(registry, fleet, request);
    response.set("Cache-Control", "no-store").vary("Accept");
    // Not by Express, which would add a charset that OpenMetrics has already.
    response.setHeader("Content-Type", registry.contentType).end(await registry.metrics());
  });
  return router;
}

/** @throws RATE_LIMITED; BAD_REQUEST for a `by` that is no label; what else is wrong is logged, and nothing added */
async function addFleet(
  registry: Registry<RegistryContentType>,
  { sources, access, log }: FleetMetricsDeps,
  request: Request,
): Promise<void> {
  const actor = await orNobody(access.actorOf(request), log);
  if (actor?.scopes.includes("read") !== true) return;
  const { by } = request.query;
  try {
    await addFleetMetrics(registry, createContext(sources, actor), typeof by === "string" ? by : "role");
  } catch (error) {
    if (asSpillwayError(error).code === "BAD_REQUEST") throw error;
    log.warn({ err: error }, "the fleet's metrics cannot be told");
  }
}

/** Who asks; nobody while the database does not say who it is. */
async function orNobody(asked: Promise<Actor | null>, log: Logger): Promise<Actor | null> {
  try {
    return await asked;
  } catch (error) {
    if (asSpillwayError(asUnavailable(error)).code !== "UNAVAILABLE") throw error;
    log.warn({ err: error }, "cannot ask who reads the metrics");
    return null;
  }
}

function takesOpenMetrics(request: Request): boolean {
  return /application\/openmetrics-text/i.test(request.headers.accept ?? "");
}
