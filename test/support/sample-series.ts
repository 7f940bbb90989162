/** Series as the request of a sender comes to. */
import type { SampleSeries } from "../../src/ingest/samples/series.ts";

export const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";
export const OPENS = "node_netstat_Tcp_PassiveOpens";
export const CADVISOR = "container_network_advance_tcp_stats_total";
/** When samples are of that say no time, ms since 1970. */
export const AT = 1_790_000_000_000;

export interface TestSample {
  readonly at?: number;
  readonly value: number | bigint;
  readonly stale?: boolean;
  readonly startedAt?: number;
}

export function series(
  { __name__: metric = "", ...labels }: Readonly<Record<string, string>>,
  ...samples: readonly TestSample[]
): SampleSeries {
  return {
    metric,
    labels: new Map(Object.entries(labels)),
    samples: samples.map(({ at = AT, value, stale = false, startedAt = null }) => ({
      at,
      value,
      stale,
      startedAt,
    })),
    others: 0,
  };
}
