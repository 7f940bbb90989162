import { SEASONAL_SERIES, STILL_SERIES } from "../../detect/series.ts";
import type { WantedColumns } from "../../store/detect/shard-minutes.ts";

export const ALL_SERIES = [...STILL_SERIES, ...SEASONAL_SERIES];

const plain = ALL_SERIES.filter(({ kind }) => kind !== "gauge");

/** What is read of a minute to judge it. */
export const WANTED_COLUMNS: WantedColumns = {
  counters: [
    ...new Set([
      ...plain.flatMap(({ counter, less, per }) => [counter, less, per].filter((name) => name !== undefined)),
      // What lost handshakes are estimated by, besides.
      "TcpExtSyncookiesSent",
      "TcpExtSyncookiesRecv",
    ]),
  ],
  gauges: ALL_SERIES.filter(({ kind }) => kind === "gauge").map(({ counter }) => counter),
};
