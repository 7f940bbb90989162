/** What a sender has gathered in an outage and sends at once: more than a push of an agent may have. */
import { expect } from "vitest";
import type { SampleSeries } from "../../src/ingest/samples/series.ts";
import { CADVISOR, OPENS, OVERFLOWS, series } from "../support/sample-series.ts";
import { increasesIn, sampleTaker } from "../support/samples.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const SCRAPE = 15_000;

/** A counter that grows by one with each scrape. */
function growing(labels: Record<string, string>, scrapes: number): SampleSeries {
  const samples = Array.from({ length: scrapes }, (_, index) => ({
    at: T0 + index * SCRAPE,
    value: index,
  }));
  return series(labels, ...samples);
}

const own = (host: number, scrapes: number) =>
  growing({ __name__: OVERFLOWS, instance: `web-${host}:9100` }, scrapes);
const container = (pod: number, scrapes: number) =>
  growing(
    { __name__: CADVISOR, tcp_state: "listenoverflows", instance: "node-1:8080", pod: `p${pod}` },
    scrapes,
  );
const list = (length: number, one: (index: number) => SampleSeries) =>
  Array.from({ length }, (_, index) => one(index));

/** Each scrape of another set of counters, and so of a layout of its own. */
function mixed(scrapes: number): SampleSeries[] {
  const fields = ["ListenDrops", "TCPTimeouts", "SyncookiesSent", "SyncookiesRecv", "TCPSynRetrans"];
  const metrics = [OPENS, ...fields.map((field) => `node_netstat_TcpExt_${field}`)];
  return metrics.map((__name__, bit) => {
    const whole = growing({ __name__, instance: "web-1" }, scrapes);
    return { ...whole, samples: whole.samples.filter((_, index) => ((index >> bit) & 1) === 1) };
  });
}

const REQUESTS: readonly (readonly [string, readonly SampleSeries[], number])[] = [
  ["many scrapes of many hosts", list(60, (host) => own(host, 100)), 60 * 99],
  ["more scrapes of one host than a push may have", [own(1, 5_500)], 5_499],
  ["more containers of one host", list(1_100, (pod) => container(pod, 2)), 1_100],
  ["more layouts of one host", [own(1, 64), ...mixed(64)], 63],
];

test.for(REQUESTS)(
  "%s are stored, all of them",
  { timeout: 120_000 },
  async ([, request, overflows], { store }) => {
    const now = T0 + 24 * 3_600_000;
    const sent = request.reduce((sum, { samples }) => sum + samples.length, 0);
    const taker = sampleTaker(store, () => now);
    expect(await taker.take(request)).toEqual({ written: sent, ignored: 0, rejected: 0, fault: null });
    expect((await increasesIn(store, now)).TcpExtListenOverflows).toBe(overflows);
    // Sent again it is there.
    expect(await taker.take(request)).toEqual({ written: sent, ignored: 0, rejected: 0, fault: null });
  },
);
