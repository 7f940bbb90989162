/** PromQL asked without a server, at any time and with a clock of the test's. */
import { evaluate } from "../../src/rest/prometheus/evaluate.ts";
import { parseQuery } from "../../src/rest/prometheus/parse.ts";
import { readSeries } from "../../src/rest/prometheus/read-series.ts";
import { type Times, timesOf } from "../../src/rest/prometheus/times.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { contextFor, sourcesOn } from "./graphql-sources.ts";

/** By the labels of each series, as `role=web zone=a`: its values at the times asked for, null for none. */
export type Told = Readonly<Record<string, readonly (number | null)[]>>;

export interface Promql {
  /** The one value of each series at a time. */
  at(query: string, time: number): Promise<Readonly<Record<string, number | null>>>;
  over(query: string, start: number, end: number, stepMs: number): Promise<Told>;
}

/** Each question is a request of its own; of those whose answer is a vector. */
export function promql(db: PrismaClient, now: number): Promql {
  const sources = sourcesOn(db, () => now);
  const ask = async (query: string, times: Times): Promise<Told> => {
    const context = contextFor(sources, "read");
    const result = await evaluate(parseQuery(query), times.length, (need) =>
      readSeries(context, need, times),
    );
    if (result.type !== "vector") throw new Error(`${query} gives a number`);
    return Object.fromEntries(result.series.map(({ labels, values }) => [nameOf(labels), values]));
  };
  return {
    at: async (query, time) => {
      const told = await ask(query, timesOf(time, time, 1));
      return Object.fromEntries(Object.entries(told).map(([name, [value = null]]) => [name, value]));
    },
    over: (query, start, end, stepMs) => ask(query, timesOf(start, end, stepMs)),
  };
}

function nameOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(" ");
}
