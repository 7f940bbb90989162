/** What detection makes of rollups and snapshots in a real store: each thing once, however it is run. */
import { describe, expect } from "vitest";
import { append, detector, FULL, INTERVAL_MS, incidentsOf, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const CALM = { accepted: 50 };
const STALLED = { overflows: 60, drops: 60 };

describe("a listener that accepts nothing", () => {
  test("is one incident within the third interval, which names it, and is over once", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
    const { run } = detector(store);
    const live = async (
      intervals: number,
      moves: object,
      listener = undefined as typeof FULL | undefined,
    ) => {
      for (let index = 0; index < intervals; index++) {
        await append(store, await host.intervals(1, moves, listener));
        await run(host.at - INTERVAL_MS + 1_000);
      }
    };
    await live(18, CALM);
    expect(await incidentsOf(store)).toEqual([]);
    const began = host.at;
    await live(3, STALLED, FULL);
    const [opened] = await incidentsOf(store);
    expect(opened).toMatchObject({
      status: "OPEN",
      cause: "APPLICATION_STALLED",
      title: "Application accepts nothing on port 81: web-1",
      labels: { role: "web" },
      members: ["web-1"],
      kinds: ["OPENED"],
    });
    expect((opened?.startedAt.getTime() ?? 0) - began).toBeLessThanOrEqual(INTERVAL_MS);
    expect(JSON.stringify(opened?.diagnosis)).toContain(`"namespaceId":${host.member.namespaceId}`);
    await live(3, STALLED, FULL);
    await live(40, CALM);
    const all = await incidentsOf(store);
    expect(all).toMatchObject([{ status: "RESOLVED", cause: "APPLICATION_STALLED", members: [] }]);
    expect(all[0]?.kinds.filter((kind) => kind === "OPENED" || kind === "RESOLVED")).toEqual([
      "OPENED",
      "RESOLVED",
    ]);
    const anomalies = await store.db.anomaly.findMany({ where: { counter: "TcpExtListenOverflows" } });
    expect(anomalies).toMatchObject([{ detector: "burst", incidentId: all[0]?.id }]);
    expect(anomalies[0]?.endedAt).not.toBeNull();
  });
});
