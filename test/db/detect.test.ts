/** What detection makes of rollups and snapshots in a real store: each thing once, however it is run. */
import { describe, expect } from "vitest";
import {
  append,
  BURSTS,
  detector,
  FULL,
  INTERVAL_MS,
  incidentsOf,
  type Moves,
  MovingHost,
} from "../support/detection.ts";
import { live, type Part } from "../support/live.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };
const SLOW: Moves = { accepted: 10, overflows: 60, drops: 60 };
const BURST: Moves = { accepted: 100, overflows: 60, drops: 60 };

const FLOODED: Moves = {
  ...CALM,
  queueFullCookies: 600,
  cookiesSent: 600,
  cookiesReceived: 6,
  synRetransmits: 40,
};

describe("a fault of a listener", () => {
  const faults = [
    [
      "that accepts nothing",
      STALLED,
      FULL,
      "APPLICATION_STALLED",
      /Application accepts nothing on port 81: web-1/,
    ],
    ["that accepts too slowly", SLOW, FULL, "APPLICATION_SLOW", /accepts too slowly on port 81: web-1/],
    [
      "with too small a backlog",
      BURST,
      BURSTS,
      "ACCEPT_QUEUE_TOO_SMALL",
      /queue too small on port 81: web-1/,
    ],
  ] as const;

  test.for(faults)(
    "%s is one incident within three intervals, and over once",
    async ([, moves, listener, cause, title], { store }) => {
      const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
      const { run } = detector(store);
      await live(store, host, run, [[18, CALM]]);
      expect(await incidentsOf(store)).toEqual([]);
      const began = host.at;
      await live(store, host, run, [[3, moves, listener]]);
      const [opened] = await incidentsOf(store);
      expect(opened).toMatchObject({
        status: "OPEN",
        cause,
        labels: { role: "web" },
        members: ["web-1"],
        kinds: ["OPENED"],
      });
      expect(opened?.title).toMatch(title);
      expect((opened?.startedAt.getTime() ?? 0) - began).toBeLessThanOrEqual(INTERVAL_MS);
      // The socket is named as it is known while it is open.
      expect(JSON.stringify(opened?.diagnosis)).toContain(`"namespaceId":${host.member.namespaceId}`);
      await live(store, host, run, [
        [3, moves, listener],
        [40, CALM],
      ]);
      const all = await incidentsOf(store);
      expect(all).toMatchObject([{ status: "RESOLVED", cause, members: [] }]);
      const turns = all[0]?.kinds.filter((kind) => kind === "OPENED" || kind === "RESOLVED");
      expect(turns).toEqual(["OPENED", "RESOLVED"]);
      const anomalies = await store.db.anomaly.findMany({
        where: { counter: "TcpExtListenOverflows", detector: "burst" },
      });
      expect(anomalies).toMatchObject([{ incidentId: all[0]?.id, endedAt: expect.any(Date) }]);
    },
  );

  test("is told with the share that it costs while its minute goes on; one that clients cannot feel is not told", async ({
    store,
  }) => {
    const [felt, unfelt] = [
      await MovingHost.make(store, "web-1", T0),
      await MovingHost.make(store, "web-2", T0),
    ];
    const { run } = detector(store);
    const busy: Moves = { accepted: 20_000 };
    await append(store, [...(await felt.intervals(18, CALM)), ...(await unfelt.intervals(18, busy))]);
    await run(felt.at - INTERVAL_MS + 1_000);
    // The first interval of a minute: one that knew drops alone would say that everything is lost.
    await append(store, await felt.intervals(1, { accepted: 50, overflows: 14, drops: 14 }));
    await append(store, await unfelt.intervals(1, { ...busy, overflows: 14, drops: 14 }));
    await run(felt.at - INTERVAL_MS + 1_000);
    const anomalies = await store.db.anomaly.findMany({ where: { counter: "TcpExtListenOverflows" } });
    expect(anomalies).toHaveLength(1);
    expect(anomalies[0]?.explanation).toMatch(
      /^14 ListenOverflows in 10 s, .* about 3\.8 % of new connections/,
    );
  });

  test("is told by what was found of it to its end, whatever else is found at its host meanwhile", async ({
    store,
  }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const { run } = detector(store);
    await live(store, host, run, [
      [12, CALM],
      [6, STALLED, FULL],
    ]);
    const told = {
      cause: "APPLICATION_STALLED",
      lossShare: expect.any(Number),
      diagnosis: {
        cause: "APPLICATION_STALLED",
        evidence: expect.arrayContaining([expect.objectContaining({ counter: "TcpExtListenOverflows" })]),
      },
    };
    const flooded = { cause: "SYN_FLOOD", status: "OPEN", diagnosis: { cause: "SYN_FLOOD" } };
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", ...told }]);
    await live(store, host, run, [[18, FLOODED]]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", ...told }, flooded]);
    await live(store, host, run, [[18, CALM]]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", ...told }, flooded]);
  });

  test("that comes late and all at once ends as one that came in time", async ({ store }) => {
    const parts: Part[] = [
      [18, CALM],
      [6, STALLED, FULL],
      [40, CALM],
    ];
    const host = await MovingHost.make(store, "web-1", T0);
    for (const part of parts) await append(store, await host.intervals(...part));
    await detector(store).run(host.at + MINUTE);
    const [late] = await incidentsOf(store);
    expect(late).toMatchObject({
      status: "RESOLVED",
      cause: "APPLICATION_STALLED",
      kinds: ["OPENED", "RESOLVED"],
    });
    expect(late?.startedAt.getTime()).toBe(T0 + 18 * INTERVAL_MS);
    // Calm for five minutes, from the first interval that was.
    expect(late?.resolvedAt?.getTime()).toBe(T0 + (18 + 6 + 30) * INTERVAL_MS);
  });
});

describe("nothing is opened", () => {
  test("by a quiet host, by a few overflows now and then, or by one burst of thirty", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const { run } = detector(store);
    await live(store, host, run, [
      [12, CALM],
      [1, { accepted: 50, overflows: 2, drops: 2 }],
      [12, CALM],
      [1, { accepted: 50, overflows: 30, drops: 30 }, BURSTS],
      [18, CALM],
    ]);
    expect(await incidentsOf(store)).toEqual([]);
    const anomalies = await store.db.anomaly.findMany({ where: { counter: "TcpExtListenOverflows" } });
    expect(anomalies).toMatchObject([
      { detector: "burst", value: 30, incidentId: null, endedAt: expect.any(Date) },
    ]);
  });

  test("but the burst is an anomaly within the interval in which it came", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const { run } = detector(store);
    await live(store, host, run, [
      [15, CALM],
      [1, { accepted: 50, overflows: 30, drops: 30 }, BURSTS],
    ]);
    const anomalies = await store.db.anomaly.findMany({ where: { counter: "TcpExtListenOverflows" } });
    expect(anomalies).toMatchObject([{ detector: "burst", value: 30, endedAt: null }]);
  });
});

describe("hosts of one role", () => {
  test("that have one fault together are one incident, and each is a member of it", async ({ store }) => {
    const hosts = [];
    for (let index = 0; index < 6; index++) {
      hosts.push(await MovingHost.make(store, `web-${index}`, T0, { role: "web" }));
    }
    const { run } = detector(store);
    for (const host of hosts) {
      await append(store, await host.intervals(12, CALM));
      await append(
        store,
        await host.intervals(6, host === hosts[0] ? CALM : STALLED, host === hosts[0] ? undefined : FULL),
      );
    }
    await run((hosts[0]?.at ?? 0) - INTERVAL_MS + 1_000);
    expect(await incidentsOf(store)).toMatchObject([
      {
        status: "OPEN",
        cause: "APPLICATION_STALLED",
        title: "Application accepts nothing: 5 hosts of web",
        members: ["web-1", "web-2", "web-3", "web-4", "web-5"],
        labels: { role: "web" },
      },
    ]);
  });
});

describe("a snapshot that cannot be read", () => {
  test("keeps nobody else from being judged", async ({ store }) => {
    const [damaged, whole] = [
      await MovingHost.make(store, "web-1", T0),
      await MovingHost.make(store, "web-2", T0),
    ];
    for (const host of [damaged, whole]) {
      await append(store, await host.intervals(12, CALM));
      await append(store, await host.intervals(3, STALLED, FULL));
    }
    const { run, rollUp, judge } = detector(store);
    const now = damaged.at - INTERVAL_MS + 1_000;
    await rollUp(now);
    const id = damaged.member.namespaceId;
    await store.db.$executeRaw`UPDATE ts.snapshot SET "values" = '\\x80' WHERE namespace_id = ${id}::int`;
    await judge(now);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", members: ["web-2"] }]);
    await run(now + MINUTE);
    expect(await incidentsOf(store)).toHaveLength(1);
  });
});
