/** Rows that nothing needs any more: of small tables, and of containers that have ended. */
import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { recordAudit, SYSTEM_ACTOR } from "../../src/store/audit.ts";
import type { Store } from "../../src/store/client.ts";
import { hoursToCompact, sealHour } from "../../src/store/compaction/hours.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { registerNamespace, registerRoot } from "../../src/store/namespaces.ts";
import { NamespaceExpiry } from "../../src/store/retention/expire-namespaces.ts";
import { expirePartitions } from "../../src/store/retention/expire-partitions.ts";
import { expireRows } from "../../src/store/retention/expire-rows.ts";
import { compactAll } from "../support/compaction.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { addSnapshot, DAY, HOUR, makePartitions as make, NOW, RETENTION } from "../support/retention.ts";
import { append, newContainer, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";
import { storedCounters } from "../support/stored-rollups.ts";

describe("rows", () => {
  test("of small tables go when nothing needs them, in batches", async ({ store: { db } }) => {
    const at = (age: number) => new Date(NOW - age);
    await db.session.createMany({
      data: [1, 0, -1].map((age) => ({
        hash: randomBytes(32),
        name: String(age),
        scopes: [],
        expiresAt: at(age),
      })),
    });
    await db.signInLink.createMany({
      data: [DAY, -1].map((age) => ({ hash: randomBytes(32), expiresAt: at(age) })),
    });
    await db.token.createMany({
      data: [401, 399].flatMap((days) =>
        [{ revokedAt: at(days * DAY) }, { expiresAt: at(days * DAY) }].map((end) => ({
          name: String(days),
          hash: randomBytes(32),
          prefix: "spw_",
          scopes: [],
          ...end,
        })),
      ),
    });
    await recordAudit(db, SYSTEM_ACTOR, { action: "a.b", target: "old" }, NOW - 401 * DAY);
    await recordAudit(db, SYSTEM_ACTOR, { action: "a.b", target: "new" }, NOW - 399 * DAY);
    await db.listener.createMany({
      data: Array.from({ length: 2_500 }, (_, index) => ({
        namespaceId: 256,
        inode: String(index),
        address: "0.0.0.0",
        port: 80,
        firstSeen: at(90 * DAY),
        lastSeen: at(index < 2_400 ? 31 * DAY : 29 * DAY),
      })),
    });
    await db.hostLabelHistory.createMany({
      data: [900, 500, 410, 300, 1].map((days) => ({ hostId: 1, since: at(days * DAY), labels: {} })),
    });
    await db.event.createMany({
      data: [
        { days: 401, until: null },
        { days: 500, until: 401 },
        { days: 500, until: 399 },
        { days: 399, until: null },
      ].map(({ days, until }) => ({
        kind: "NOTE",
        title: "a note",
        createdBy: "test",
        at: at(days * DAY),
        until: until === null ? null : at(until * DAY),
      })),
    });
    await make(db, "snapshot_hour", 7.2 * DAY);
    for (const age of [9 * DAY, 8 * DAY, 7.2 * DAY, DAY]) {
      await db.$executeRaw`INSERT INTO ts.compacted_hour (hour) VALUES (date_trunc('hour', ${at(age)}::timestamptz))`;
      await db.$executeRaw`
        INSERT INTO ts.compaction (hour, shard, snapshots)
        SELECT date_trunc('hour', ${at(age)}::timestamptz), shard, 1 FROM generate_series(1, 3) shard`;
    }
    expect(await expireRows(db, RETENTION, NOW)).toEqual({
      session: 2,
      sign_in_link: 1,
      token: 2,
      audit_entry: 1,
      listener: 2_400,
      event: 2,
      host_label_history: 2,
      hour_mark: 0,
      set_aside: 0,
      compaction: 6,
      compacted_hour: 2,
    });
    expect(await db.session.findMany({ select: { name: true } })).toEqual([{ name: "-1" }]);
    expect(await db.auditEntry.findMany({ select: { target: true } })).toEqual([{ target: "new" }]);
    // The labels that held when the retention begins are still known.
    const [oldest] = await db.hostLabelHistory.findMany({ orderBy: { since: "asc" }, take: 1 });
    expect(oldest?.since).toEqual(at(410 * DAY));
    expect(Object.values(await expireRows(db, RETENTION, NOW)).every((count) => count === 0)).toBe(true);
  });

  test("of a sealed hour stay as long as its partition, and it can still be compacted", async ({
    store: { db },
  }) => {
    await addSnapshot(db, 256, NOW - 8 * DAY);
    const hour = Math.floor((NOW - 8 * DAY) / HOUR) * HOUR;
    await sealHour(db, hour);
    // Its partition is past its retention, and a reader or an unfinished rollup keeps it.
    expect(await expireRows(db, RETENTION, NOW)).toMatchObject({ compacted_hour: 0 });
    expect(await sealHour(db, hour)).toBe(true);
    await compactAll(db, NOW);
    expect(await hoursToCompact(db, NOW)).toEqual([]);
  });
});

describe("namespaces", () => {
  test("go at the end of their time, and roots never", async ({ store: { db } }) => {
    const host = await registerHost(db, randomUUID(), randomBytes(32), {
      name: "h",
      machineId: null,
      labels: {},
    });
    const root = await registerRoot(db, host.id);
    const container = (birth: number) =>
      registerNamespace(
        db,
        host.id,
        { kind: "CONTAINER", bootId: randomUUID(), inode: "1", birth },
        { containerId: null, name: null, labels: {} },
      );
    const [gone, alive, returns] = [await container(1), await container(2), await container(3)];
    await db.namespace.updateMany({ data: { firstSeen: new Date(NOW - 20 * DAY) } });
    const young = await container(4);
    await addSnapshot(db, alive, NOW);

    const expiry = new NamespaceExpiry(db);
    expect(await expiry.run(RETENTION, NOW)).toMatchObject({ idle: 2, deleted: 0 });
    expect(await expiry.run(RETENTION, NOW + 399 * DAY)).toMatchObject({ deleted: 0 });
    await addSnapshot(db, returns, NOW + 399 * DAY);
    expect((await expiry.run(RETENTION, NOW + 401 * DAY)).deleted).toBe(1);
    const left = await db.namespace.findMany({ orderBy: { id: "asc" } });
    expect(left.map(({ id }) => id)).toEqual([root, alive, returns, young]);
    expect(left.find(({ id }) => id === returns)?.idleSince).toBeNull();
    expect(gone).toBeGreaterThan(0);
  });

  const sampleAt = (at: number, uptimeMs: number, opens: number, established: number): OracleSnapshot => ({
    at,
    uptimeMs,
    everyMs: 60_000,
    boot: "boot",
    epoch: 0,
    wordSize: 64,
    values: {
      TcpActiveOpens: BigInt(opens),
      TcpExtListenOverflows: 7n,
      TcpCurrEstab: BigInt(established),
    },
  });

  /** Containers that lived for two minutes, of a host that lives on: one counted, one had connections, one neither. */
  async function endedContainers(store: Store) {
    const host = await newHost(store);
    const made = {
      counted: await newContainer(store, host.hostId, 1),
      connected: await newContainer(store, host.hostId, 2),
      neither: await newContainer(store, host.hostId, 3),
    };
    for (const [name, namespace] of Object.entries(made)) {
      for (const minute of [0, 1]) {
        const opens = name === "counted" ? 5 * minute : 5;
        const one = sampleAt(
          NOW + minute * 60_000,
          1e6 + minute * 60_000,
          opens,
          name === "connected" ? 1 : 0,
        );
        await append(store, [await rowOf(store, namespace, one)]);
      }
    }
    await worker(store).rollUp(NOW + 2 * HOUR);
    await store.db.namespace.updateMany({ data: { firstSeen: new Date(NOW) } });
    const left = async () => {
      const rows = await store.db.namespace.findMany({ select: { id: true, counted: true } });
      return new Map(
        Object.entries(made).flatMap(([name, { namespaceId }]) => {
          const row = rows.find(({ id }) => id === namespaceId);
          return row === undefined ? [] : [[name, row.counted] as const];
        }),
      );
    };
    return { ...made, left };
  }

  test("of which no hour says anything go when their minutes have gone, and no sum is another for it", async ({
    store,
  }) => {
    const { left } = await endedContainers(store);
    const expiry = new NamespaceExpiry(store.db);
    const run = async (days: number) => {
      const now = NOW + days * DAY;
      await expirePartitions(store.db, RETENTION, now);
      return expiry.run(RETENTION, now);
    };
    expect(await run(7)).toEqual({ idle: 0, uncounted: 0, deleted: 0 });
    expect(await run(8)).toEqual({ idle: 3, uncounted: 0, deleted: 0 });
    expect(await run(31)).toEqual({ idle: 0, uncounted: 0, deleted: 0 });
    const before = await storedCounters(store, "hour");
    expect(await run(33)).toEqual({ idle: 0, uncounted: 1, deleted: 0 });
    expect(await left()).toEqual(
      new Map([
        ["counted", true],
        ["connected", true],
      ]),
    );
    expect(await storedCounters(store, "hour")).toEqual(before);
    // Nobody looks through those hours again.
    expect(await run(34)).toEqual({ idle: 0, uncounted: 0, deleted: 0 });
    expect(await run(409)).toEqual({ idle: 0, uncounted: 0, deleted: 2 });
  });

  test("stay while an hour of theirs is still to be made, while listeners are known, or when they lived long", async ({
    store,
  }) => {
    const { db } = store;
    const { neither, left } = await endedContainers(store);
    const expiry = new NamespaceExpiry(db);
    await expirePartitions(db, RETENTION, NOW + 8 * DAY);
    await expiry.run(RETENTION, NOW + 8 * DAY);
    const uncounted = async () => (await expiry.run(RETENTION, NOW + 33 * DAY)).uncounted;
    const { namespaceId } = neither;
    const listener = { namespaceId, inode: "1", address: "0.0.0.0", port: 80 };
    await db.listener.create({ data: { ...listener, firstSeen: new Date(NOW), lastSeen: new Date(NOW) } });
    expect(await uncounted()).toBe(0);
    await db.listener.deleteMany({});
    await db.$executeRaw`INSERT INTO ts.hour_mark (shard, hour) VALUES (${namespaceId >> 8}, ${new Date(NOW)})`;
    expect(await uncounted()).toBe(0);
    await db.$executeRaw`DELETE FROM ts.hour_mark`;
    await db.namespace.updateMany({ data: { firstSeen: new Date(NOW - 10 * DAY) } });
    expect(await uncounted()).toBe(0);
    await db.namespace.updateMany({ data: { firstSeen: new Date(NOW) } });
    expect(await uncounted()).toBe(1);
    expect((await left()).has("neither")).toBe(false);
  });

  test("stay while an hour of theirs is damaged, and go with their time as ever", async ({ store }) => {
    const { neither, left } = await endedContainers(store);
    const expiry = new NamespaceExpiry(store.db);
    await expirePartitions(store.db, RETENTION, NOW + 8 * DAY);
    await expiry.run(RETENTION, NOW + 8 * DAY);
    await store.db
      .$executeRaw`UPDATE ts.rollup_hour SET data = '\\x07' WHERE shard = ${neither.namespaceId >> 8}`;
    expect((await expiry.run(RETENTION, NOW + 33 * DAY)).uncounted).toBe(0);
    expect((await left()).size).toBe(3);
    expect((await expiry.run(RETENTION, NOW + 409 * DAY)).deleted).toBe(3);
  });

  test("go sooner where containers are to be known for less time", async ({ store }) => {
    const { left } = await endedContainers(store);
    const expiry = new NamespaceExpiry(store.db);
    const retention = { ...RETENTION, containerMs: 60 * DAY };
    await expirePartitions(store.db, retention, NOW + 8 * DAY);
    await expiry.run(retention, NOW + 8 * DAY);
    await expiry.run(retention, NOW + 60 * DAY);
    expect((await left()).size).toBe(2);
    await expiry.run(retention, NOW + 69 * DAY);
    expect((await left()).size).toBe(0);
  });
});
