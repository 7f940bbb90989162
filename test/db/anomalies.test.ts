/** What detection writes of anomalies: each once, whatever runs twice, late or at the same time. */
import { describe, expect } from "vitest";
import { attachAnomalies, recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { anomalyOn, judge, newMember, T0, warmUp } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;

describe("anomalies", () => {
  test("are kept once, as the newest data has them", async ({ store: { db } }) => {
    const host = await newMember(db, "web-1");
    const first = anomalyOn(host);
    const silent = anomalyOn(host, { detector: "silence", counter: null });
    const [id, silentId] = await recordAnomalies(db, [first, silent]);
    const later = { ...first, judgedAt: T0 + 2 * MINUTE, endedAt: T0 + 2 * MINUTE, value: 90 };
    // A key twice in one call, and a stale one: the newest holds.
    expect(await recordAnomalies(db, [later, first, silent])).toEqual([id, id, silentId]);
    expect(await recordAnomalies(db, [first])).toEqual([id]);
    expect(await recordAnomalies(db, [])).toEqual([]);
    expect(await db.anomaly.findMany({ orderBy: { id: "asc" } })).toMatchObject([
      { value: 90, endedAt: new Date(T0 + 2 * MINUTE), counter: "TcpExtListenOverflows" },
      { value: 30, endedAt: null, counter: "" },
    ]);
  });

  test("that writers come with at the same time, in different orders, are each kept once", async ({
    store: { db },
  }) => {
    const host = await newMember(db, "web-1");
    const many = Array.from({ length: 200 }, (_, index) => anomalyOn(host, { startedAt: T0 + index }));
    await warmUp(db);
    await Promise.all([
      recordAnomalies(db, many),
      recordAnomalies(
        db,
        many.toReversed().map((one) => ({ ...one, judgedAt: one.judgedAt + 1 })),
      ),
      recordAnomalies(
        db,
        many.map((one) => ({ ...one, judgedAt: one.judgedAt + 2, value: 7 })),
      ),
    ]);
    const kept = await db.anomaly.findMany();
    expect(kept).toHaveLength(200);
    expect(new Set(kept.map(({ value }) => value))).toEqual(new Set([7]));
  });

  test("belong to the incident that they were attached to first", async ({ store: { db } }) => {
    const host = await newMember(db, "web-1");
    const [id = 0] = await recordAnomalies(db, [anomalyOn(host)]);
    const one = await judge(db);
    const other = await judge(db, { dedupKey: "other" });
    for (const { incidentId } of [one, one, other]) {
      await attachAnomalies(db, incidentId, [{ hostId: host.hostId, id }]);
    }
    expect(await db.anomaly.findMany()).toMatchObject([{ incidentId: one.incidentId }]);
  });
});
