import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { layoutHash } from "../../src/protocol/layout.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { touchHosts } from "../../src/store/host-status.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { registerLayout } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { appendSnapshots } from "../../src/store/snapshots.ts";
import { StorageView } from "../../src/store/storage/storage-view.ts";
import { test } from "../support/store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 22, 12, 30);
const RETENTION = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };
const NAMES = ["TcpActiveOpens", "TcpPassiveOpens", "TcpExtListenOverflows", "TcpExtListenDrops"];

test("is measured on what the server has, and not looked up twice within ten seconds", async ({
  store: { db },
}) => {
  const host = await registerHost(db, randomUUID(), randomBytes(32), {
    name: "h",
    machineId: null,
    labels: {},
  });
  await db.host.update({ where: { id: host.id }, data: { firstSeen: new Date(NOW - 9.75 * HOUR) } });
  const seen = {
    hostId: host.id,
    epochId: 1,
    everyMs: 10_000,
    agentVersion: "1",
    clockSkewMs: 0,
    health: null,
  };
  await touchHosts(db, [{ ...seen, lastSeen: NOW - 1_000 }]);
  const layout = await registerLayout(db, layoutHash(NAMES), NAMES);
  const partitions = new Partitions();
  await partitions.makeAhead(db, NOW);
  // Ten hours of them, the first and the last by halves.
  const times = Array.from({ length: 1_170 }, (_, index) => NOW - 9.75 * HOUR + index * 30_000);
  await partitions.ensure(db, "snapshot", times);
  const row = {
    epochId: 1,
    uptimeMs: 1,
    everyMs: 30_000,
    flags: 0,
    layoutId: layout?.id ?? 0,
    listeners: null,
  };
  await appendSnapshots(
    db,
    times.map((at) => ({ ...row, namespaceId: 256, at, values: encodeValues([1, 2, 3, 4]) })),
  );
  await db.$executeRaw`ANALYZE`;

  let now = NOW;
  let asked = 0;
  const view = new StorageView({
    db,
    retention: RETENTION,
    compactAfterMs: null,
    freeBytes: async () => {
      asked++;
      return asked === 1 ? 1_000 : Promise.reject(new Error("no such folder"));
    },
    now: () => now,
  });
  const report = await view.read();
  const [{ bytes, hour } = { bytes: 0, hour: 0 }] = await db.$queryRaw<{ bytes: number; hour: number }[]>`
    SELECT sum(pg_total_relation_size(c.oid))::float8 AS bytes,
           pg_total_relation_size('ts.snapshot_2026112210')::float8 AS hour
    FROM pg_class c WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('ts', 'public', 'bullmq')`;
  expect(report.bytes).toBe(bytes);
  expect(report).toMatchObject({ hosts: 1, freeBytes: 1_000, exceedsDisk: true });
  const [raw, compacted, , hours] = report.resolutions;
  expect(raw).toMatchObject({
    oldest: Date.UTC(2026, 10, 22, 2),
    newest: NOW,
  });
  expect((raw?.bytesPerSample ?? 0) / (hour / (120 * 4))).toBeCloseTo(1, 6);
  // Whole hours alike.
  expect((raw?.bytesPerDay ?? 0) / (24 * hour)).toBeCloseTo(1, 1);
  expect((raw?.bytesWhenFull ?? 0) / (169 * hour)).toBeCloseTo(1, 1);
  expect(compacted).toMatchObject({ bytesPerDay: 0, oldest: null, bytesPerSample: null });
  expect(hours).toMatchObject({ bytesPerDay: 0, oldest: null, newest: null });

  await db.$executeRaw`DROP TABLE ts.snapshot_2026112210`;
  now = NOW + 9_999;
  expect(await view.read()).toBe(report);
  now = NOW + 10_000;
  const later = await view.read();
  expect(report.bytes - later.bytes).toBe(hour);
  expect(later).toMatchObject({ freeBytes: null, exceedsDisk: null });
});

test("bytes a sample of compacted snapshots are of the newest day that is over", async ({
  store: { db },
}) => {
  const layout = await registerLayout(db, layoutHash(NAMES), NAMES);
  const today = Date.UTC(2026, 10, 22);
  const hours = [today - 2 * DAY, today - DAY, today - DAY + HOUR, today];
  await new Partitions().ensure(db, "snapshot_hour", hours);
  const compacted = async () => {
    const options = {
      db,
      retention: RETENTION,
      compactAfterMs: 6 * HOUR,
      freeBytes: async () => null,
      now: () => NOW,
    };
    return (await new StorageView(options).read()).resolutions.find(({ name }) => name === "compacted");
  };
  expect((await compacted())?.bytesPerSample).toBeNull();
  for (const [index, hour] of hours.entries()) {
    await db.$executeRaw`
      INSERT INTO ts.snapshot_hour
        (shard, namespace_id, hour, first_at, last_at, snapshots, epochs, layouts, data)
      SELECT 1, 256 + i, ${new Date(hour)}, ${new Date(hour)}, ${new Date(hour)}, ${100 + index}, '{1}',
             ARRAY[${layout?.id ?? 0}::int], '' FROM generate_series(1, 50) i`;
  }
  await db.$executeRaw`ANALYZE`;
  const [{ bytes } = { bytes: 0 }] = await db.$queryRaw<{ bytes: number }[]>`
    SELECT pg_total_relation_size('ts.snapshot_hour_2026112100')::float8 AS bytes`;
  expect((await compacted())?.bytesPerSample).toBeCloseTo(bytes / (50 * (101 + 102) * NAMES.length), 9);
});
