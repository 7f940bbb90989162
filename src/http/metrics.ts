import { type Request, Router } from "express";
import { Registry, type RegistryContentType } from "prom-client";
import { createContext, type Sources } from "../graphql/context.ts";
import { addFleetMetrics } from "../rest/prometheus/fleet-metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { callerOf } from "./access.ts";

export interface MetricsDeps {
  readonly metrics: Metrics;
  /** Null in a process that answers no questions of the fleet. */
  readonly sources: Sources | null;
}

/**
 * `/metrics`: the process's own for everybody, and what the fleet is like for who may read, by the label `role` or the
 * one that `by` names. In OpenMetrics for who asks for it, else in Prometheus' text format.
 */
export function metricsRoutes({ metrics, sources }: MetricsDeps): Router {
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
    const actor = callerOf(response);
    if (sources !== null && actor?.scopes.includes("read") === true) {
      const { by } = request.query;
      await addFleetMetrics(registry, createContext(sources, actor), typeof by === "string" ? by : "role");
    }
    response.set("Cache-Control", "no-store").vary("Accept");
    // Not by Express, which would add a charset that OpenMetrics has already.
    response.setHeader("Content-Type", registry.contentType).end(await registry.metrics());
  });
  return router;
}

function takesOpenMetrics(request: Request): boolean {
  return /application\/openmetrics-text/i.test(request.headers.accept ?? "");
}
