/** Senders that say when counters began: OTLP and remote write 2.0. */
import { describe, expect } from "vitest";
import type { SampleSeries } from "../../src/ingest/samples/series.ts";
import type { Store } from "../../src/store/client.ts";
import { CADVISOR, OPENS, OVERFLOWS, series } from "../support/sample-series.ts";
import { increasesIn, sampleTaker } from "../support/samples.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const SECOND = 1_000;
/** Hours before the first sample. */
const LONG_AGO = -10_800;

/** A sample of a counter of one host; times in seconds after T0. */
function one(__name__: string, at: number, value: number, startedAt: number): SampleSeries {
  return series(
    { __name__, instance: "web-1:9100" },
    { at: T0 + at * SECOND, value, startedAt: T0 + startedAt * SECOND },
  );
}
const opens = (at: number, value: number, startedAt: number) => one(OPENS, at, value, startedAt);
const overflows = (at: number, value: number, startedAt: number) => one(OVERFLOWS, at, value, startedAt);

/** What counters grew by, after these requests one after another. */
async function increasesAfter(store: Store, requests: readonly (readonly SampleSeries[])[]) {
  const now = T0 + 3_600 * SECOND;
  const taker = sampleTaker(store, () => now);
  for (const request of requests) {
    const samples = request.reduce((sum, one) => sum + one.samples.length, 0);
    expect(await taker.take(request, "otlp")).toEqual({
      written: samples,
      ignored: 0,
      rejected: 0,
      fault: null,
    });
  }
  return increasesIn(store, now);
}

describe("a counter that is first added to between two readings says nothing of the others", () => {
  const before = opens(0, 10_000_000, LONG_AGO);
  const [old, young] = [opens(10, 10_000_050, LONG_AGO), overflows(10, 3, 4)];
  const after = [opens(20, 10_000_060, LONG_AGO), overflows(20, 5, 4)];
  test.for([
    ["in one request", [[old, young]]],
    ["behind them", [[old], [young]]],
    ["ahead of them", [[young], [old]]],
    ["twice", [[young], [old], [young]]],
  ] as const)("%s", async ([, parts], { store }) => {
    expect(await increasesAfter(store, [[before], ...parts, after])).toEqual({
      TcpPassiveOpens: 60,
      TcpExtListenOverflows: 2,
    });
  });
});

test("counters that began at different times are measured on, whichever part of a reading comes first", async ({
  store,
}) => {
  const parts = [10, 20, 30, 40].flatMap((at, index) => {
    const both = [[opens(at, at * 10, LONG_AGO)], [overflows(at, at, LONG_AGO + 60)]];
    return index % 2 === 0 ? both : both.toReversed();
  });
  expect(await increasesAfter(store, parts)).toEqual({ TcpPassiveOpens: 300, TcpExtListenOverflows: 30 });
});

describe("a restart, of which every counter tells, counts what was counted since", () => {
  const [first, last] = [overflows(0, 100, LONG_AGO), overflows(10, 107, LONG_AGO)];
  // More than before: nothing has fallen.
  const young = overflows(30, 400, 22);
  test.for([
    ["reading by reading", [[first], [last], [young]]],
    ["where both boots come in one request", [[first], [last, young]]],
    ["where the younger comes first", [[first], [young], [last]]],
  ] as const)("%s", async ([, requests], { store }) => {
    expect(await increasesAfter(store, requests)).toEqual({ TcpExtListenOverflows: 407 });
  });

  test("of a container, whatever its host says", async ({ store }) => {
    const of = (at: number, value: number, startedAt: number) => ({
      ...one(CADVISOR, at, value, startedAt),
      labels: new Map([
        ["instance", "web-1:8080"],
        ["tcp_state", "listenoverflows"],
        ["id", "/pods/1"],
      ]),
    });
    const requests = [
      [of(0, 100, LONG_AGO), opens(0, 5, LONG_AGO)],
      [of(10, 400, 4), opens(10, 6, LONG_AGO)],
    ];
    expect(await increasesAfter(store, requests)).toEqual({ TcpExtListenOverflows: 400, TcpPassiveOpens: 1 });
  });
});

test("a start that is the time of the sample is not known, and what did not fall is measured on", async ({
  store,
}) => {
  const requests = [overflows(0, 100, LONG_AGO), overflows(10, 103, 10), overflows(20, 107, 10)];
  expect(
    await increasesAfter(
      store,
      requests.map((sample) => [sample]),
    ),
  ).toEqual({ TcpExtListenOverflows: 7 });
});

test("the boot that a host tells of in a value of its own counts beside the start of its counters", async ({
  store,
}) => {
  const booted = (at: number, seconds: number) =>
    one("node_boot_time_seconds", at, T0 / SECOND + seconds, LONG_AGO);
  // The exporter was started anew, and the machine was not; later both were.
  const requests = [
    [overflows(0, 100, LONG_AGO), booted(0, LONG_AGO)],
    [overflows(10, 103, 5), booted(10, LONG_AGO)],
    [booted(20, LONG_AGO), overflows(20, 107, 5)],
    [overflows(40, 200, 33), booted(40, 30)],
  ];
  expect(await increasesAfter(store, requests)).toEqual({ TcpExtListenOverflows: 207 });
});
