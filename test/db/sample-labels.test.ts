/** The labels of hosts whose samples come in several requests, of several senders. */
import { describe, expect } from "vitest";
import type { SampleSeries } from "../../src/ingest/samples/series.ts";
import type { Store } from "../../src/store/client.ts";
import { CADVISOR, OPENS, OVERFLOWS, series } from "../support/sample-series.ts";
import { sampleTaker } from "../support/samples.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const SCRAPE = 15_000;
const WEB = { instance: "web-1:9100", job: "node", role: "web" };
const KEPT = { job: "node", role: "web", source: "remote_write" };

const own = (at: number, more: object = {}): SampleSeries =>
  series({ __name__: OVERFLOWS, ...WEB, ...more }, { at, value: 1 });
const container = (at: number): SampleSeries =>
  series(
    { __name__: CADVISOR, tcp_state: "listenoverflows", instance: "web-1:10250", job: "kubelet", pod: "x" },
    { at, value: 1 },
  );

/** The labels that the host had, one after another. */
async function historyOf({ db }: Store): Promise<unknown[]> {
  const rows = await db.hostLabelHistory.findMany({ orderBy: { since: "asc" } });
  return rows.map(({ labels }) => labels);
}

/** Takes requests one after another, each when its newest sample was read. */
async function takeAll(store: Store, requests: readonly (readonly SampleSeries[])[]): Promise<void> {
  let now = T0;
  const taker = sampleTaker(store, () => now);
  for (const request of requests) {
    now = Math.max(now, ...request.flatMap(({ samples }) => samples.map(({ at }) => at)));
    expect(await taker.take(request)).toMatchObject({ rejected: 0 });
  }
}

const scrapes = [0, 1, 2, 3, 4, 5].map((index) => T0 + index * SCRAPE);

describe("of a host whose containers come in requests of their own", () => {
  test("the labels stay", async ({ store }) => {
    await takeAll(
      store,
      scrapes.flatMap((at) => [[own(at)], [container(at + 1_000)]]),
    );
    expect(await historyOf(store)).toEqual([KEPT]);
  });

  test("the labels come with its own counters, where these come second", async ({ store }) => {
    await takeAll(store, [[container(T0)], [own(T0)], [container(T0 + SCRAPE)]]);
    expect(await historyOf(store)).toEqual([{ source: "remote_write" }, KEPT]);
  });

  test("a process that has not heard of it, and one that has heard otherwise, leave them as they are", async ({
    store,
  }) => {
    let now = T0;
    const [first, second, third] = [1, 2, 3].map(() => sampleTaker(store, () => now));
    await first?.take([own(T0)]);
    now += SCRAPE;
    await second?.take([own(now, { role: "api" })]);
    await third?.take([container(now)]);
    // Longer than a process takes for granted what it knows of a host.
    now += 700_000;
    await first?.take([container(now)]);
    expect(await historyOf(store)).toEqual([KEPT, { ...KEPT, role: "api" }]);
  });
});

describe("of a host with several senders", () => {
  test("what each replica of Prometheus says of itself is left out, once it is seen to vary", async ({
    store,
  }) => {
    await takeAll(
      store,
      scrapes.flatMap((at) => [[own(at, { replica: "a" })], [own(at + 7_000, { replica: "b" })]]),
    );
    const history = await historyOf(store);
    expect(history.at(-1)).toEqual(KEPT);
    expect(history.length).toBeLessThanOrEqual(3);
  });

  test("so is what one of two jobs says, and the other does not", async ({ store }) => {
    const other = (at: number) =>
      series({ __name__: OPENS, instance: "web-1:9101", job: "other" }, { at, value: 1 });
    await takeAll(
      store,
      scrapes.flatMap((at) => [[own(at)], [other(at + 7_000)]]),
    );
    const history = await historyOf(store);
    expect(history.at(-1)).toEqual({ source: "remote_write" });
    expect(history.length).toBeLessThanOrEqual(3);
  });
});

test("a label that is changed holds at once, also where series with the old one end", async ({ store }) => {
  const ended = (at: number) => series({ __name__: OPENS, ...WEB }, { at, value: Number.NaN, stale: true });
  await takeAll(
    store,
    scrapes.map((at, index) =>
      index < 2 ? [own(at)] : [own(at, { role: "api" }), ...(index === 4 ? [ended(at)] : [])],
    ),
  );
  expect(await historyOf(store)).toEqual([KEPT, { ...KEPT, role: "api" }]);
});
