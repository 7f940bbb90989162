/** Minutes that are damaged when their hour is to be made of them. */
import { expect } from "vitest";
import { expirePartitions } from "../../src/store/retention/expire-partitions.ts";
import { expireRows } from "../../src/store/retention/expire-rows.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { countAside, RETRY_MS } from "../../src/store/rollup/set-aside.ts";
import { shardOf } from "../../src/store/snapshots.ts";
import { expectTables } from "../support/expect-tables.ts";
import { append, worker } from "../support/rollups.ts";
import { DAY, first, job, LATER, MINUTE, newFleet, T0 } from "../support/set-aside.ts";
import { test } from "../support/store.ts";
import { storedCounters } from "../support/stored-rollups.ts";

test("an hour with a damaged minute waits by itself, and holds nothing back past its retention", async ({
  store,
}) => {
  const fleet = await newFleet(store, 2, 130);
  await append(
    store,
    fleet.flatMap(({ rows }) => rows),
  );
  const shard = shardOf(first(fleet).namespaceId);
  const { deps, rollUp: rollUpAll } = worker(store);
  await rollUpAll(T0 + 30 * MINUTE);
  const damage = () => store.db.$executeRaw`
    UPDATE ts.rollup_minute SET data = '\\xff' WHERE bucket = ${new Date(T0 + 10 * MINUTE)}`;
  await damage();
  const { run, said } = job(store, () => T0 + 2 * DAY);
  await run();
  await run();
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/ts.rollup_minute.*mark the minutes/);
  expect((await storedCounters(store, "hour")).size).toBeGreaterThan(0);
  expect([...(await storedCounters(store, "hour")).keys()].every((key) => !key.endsWith(` ${T0}`))).toBe(
    true,
  );

  // Made anew from the snapshots, as the log says.
  await store.db
    .$executeRaw`INSERT INTO ts.mark (shard, minute) VALUES (${shard}, ${new Date(T0 + 10 * MINUTE)})`;
  await worker(store).rollUp(T0 + 2 * DAY + RETRY_MS);
  await expectTables(store, fleet);
  expect(await countAside(store.db, LATER)).toMatchObject({ hours: 0 });

  await damage();
  await store.db.$executeRaw`INSERT INTO ts.hour_mark (shard, hour) VALUES (${shard}, ${new Date(T0)})`;
  expect(await rollUpHours(deps, shard, LATER)).toMatchObject({ hours: 0, aside: [{ first: T0 }] });
  const retention = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };
  const end = T0 + 32 * DAY;
  expect((await expirePartitions(store.db, retention, end)).waiting).toEqual([]);
  expect(await expireRows(store.db, retention, end)).toMatchObject({ set_aside: 1, hour_mark: 1 });
});
