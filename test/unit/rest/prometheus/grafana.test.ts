/** The dashboard that deploy/grafana has asks nothing that is not answered. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findCounter } from "../../../../src/catalog/catalog.ts";
import { parseQuery } from "../../../../src/rest/prometheus/parse.ts";
import type { Expr } from "../../../../src/rest/prometheus/syntax.ts";

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const { panels } = JSON.parse(
  readFileSync(new URL("../../../../deploy/grafana/spillway.json", import.meta.url), "utf8"),
) as Dashboard;

/** As Grafana fills its variables in. */
function filled(expr: string): string {
  return expr.replaceAll("$__rate_interval", "4m").replaceAll("$__range", "6h").replaceAll("$role", "web|db");
}

function metricsOf(expr: Expr): string[] {
  switch (expr.type) {
    case "number":
      return [];
    case "selector":
      return [expr.metric];
    case "binary":
      return [...metricsOf(expr.left), ...metricsOf(expr.right)];
    default:
      return metricsOf(expr.of);
  }
}

test.each(panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)))(
  "%s: %s",
  (_title, expr) => {
    const metrics = metricsOf(parseQuery(filled(expr)));
    expect(metrics.length).toBeGreaterThan(0);
    for (const metric of metrics) expect(findCounter(metric), metric).not.toBeNull();
  },
);
