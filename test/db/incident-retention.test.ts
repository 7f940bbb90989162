/** How long incidents, and what belongs to them, are kept. */
import { expect } from "vitest";
import { attachAnomalies, recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { expireIncidents } from "../../src/store/incidents/expire.ts";
import { anomalyOn, judge, newMember, recover, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";

test("what is past its retention goes, and what it belongs to stays as long as that", async ({
  store: { db },
}) => {
  const DAY = 86_400_000;
  const retention = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };
  const host = await newMember(db, "web-1");
  const { incidentId } = await judge(db, { hosts: [host] });
  await recover(db);
  const still = await judge(db, { dedupKey: "lasts" });
  const [evidence = 0] = await recordAnomalies(db, [anomalyOn(host), anomalyOn(host, { detector: "alone" })]);
  await attachAnomalies(db, incidentId, [{ hostId: host.hostId, id: evidence }]);
  const delivery = { receiver: "pager", kind: "OPENED", createdAt: new Date(T0) } as const;
  await db.delivery.create({
    data: { ...delivery, idempotencyKey: "1", incidents: { create: [{ incidentId }] } },
  });
  const silence = {
    matchers: [],
    from: new Date(T0),
    comment: "",
    createdBy: "ada",
    createdAt: new Date(T0),
  };
  await db.silence.createMany({
    data: [
      { ...silence, until: new Date(T0 + DAY) },
      { ...silence, expiredAt: new Date(T0) },
      { ...silence },
    ],
  });
  // Of a receiver that is in no file any more: nobody looks at it.
  await db.notificationGroup.create({
    data: { receiver: "gone", route: "{}", labels: {}, identity: "x", key: "x", dueAt: new Date(T0) },
  });
  const counts = async () => ({
    group: await db.notificationGroup.count(),
    incident: await db.incident.count(),
    members: await db.incidentHost.count(),
    anomaly: await db.anomaly.count(),
    entries: await db.timelineEntry.count(),
    outbox: await db.notificationOutbox.count(),
    delivery: await db.delivery.count(),
    told: await db.deliveryIncident.count(),
    silence: await db.silence.count(),
  });
  const all = {
    group: 1,
    incident: 2,
    members: 1,
    anomaly: 2,
    entries: 3,
    outbox: 3,
    delivery: 1,
    told: 1,
    silence: 3,
  };
  await expireIncidents(db, retention, T0 + DAY);
  expect(await counts()).toEqual(all);
  await expireIncidents(db, retention, T0 + 31 * DAY);
  expect(await counts()).toEqual({ ...all, group: 0, anomaly: 1, outbox: 0 });
  const gone = await expireIncidents(db, retention, T0 + 402 * DAY);
  expect(gone).toEqual({
    incident: 1,
    anomaly: 1,
    notification_outbox: 0,
    notification_group: 0,
    delivery: 1,
    silence: 2,
  });
  expect(await counts()).toEqual({
    group: 0,
    incident: 1,
    members: 0,
    anomaly: 0,
    entries: 1,
    outbox: 0,
    delivery: 0,
    told: 0,
    silence: 1,
  });
  expect(await db.incident.findMany({ select: { id: true } })).toEqual([{ id: still.incidentId }]);
});
