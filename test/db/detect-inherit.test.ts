/** What newcomers of one shard inherit from hosts of their role in another, in a real store. */
import { expect } from "vitest";
import { decodeBaselines } from "../../src/detect/baseline/codec.ts";
import type { ShardBaselines } from "../../src/detect/baseline/shard-baselines.ts";
import { SEASONAL_SERIES, type Series } from "../../src/detect/series.ts";
import type { Store } from "../../src/store/client.ts";
import { SHARD_SIZE } from "../../src/store/codec/positions.ts";
import { readBaselines } from "../../src/store/detect/state.ts";
import { append, detector, learned, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const OPENS = SEASONAL_SERIES.find(({ name }) => name === "TcpPassiveOpens") as Series;

const shardOf = ({ member }: MovingHost) => Math.floor(member.namespaceId / SHARD_SIZE);

/** Hosts that are made from here on are in the next shard. */
async function nextShard({ db }: Store, { member }: MovingHost): Promise<void> {
  const first = (Math.floor(member.namespaceId / SHARD_SIZE) + 1) * SHARD_SIZE;
  await db.$executeRaw`SELECT setval('namespace_root_id', ${first}::bigint, false)`;
}

async function baselinesOf({ db }: Store, host: MovingHost): Promise<ShardBaselines> {
  return decodeBaselines((await readBaselines(db, shardOf(host))) ?? new Uint8Array());
}

/** What an hour of a newcomer is judged by at its end; null while nothing is known. */
async function afterAnHour(store: Store, host: MovingHost) {
  host.everyMs = MINUTE;
  await append(store, await host.intervals(65, { accepted: 60 }));
  await detector(store).run(host.at + MINUTE);
  const baselines = await baselinesOf(store, host);
  return baselines.expectation(host.member.namespaceId % SHARD_SIZE, OPENS, host.at);
}

test("a host in a new shard is judged after an hour by what its role has learned in another", async ({
  store,
}) => {
  const old = await MovingHost.make(store, "web-1", T0, { role: "web" });
  await learned(store, old);
  await nextShard(store, old);
  const anew = await MovingHost.make(store, "web-2", T0, { role: "web" });
  const other = await MovingHost.make(store, "db-1", T0, { role: "db" });
  expect([shardOf(anew), shardOf(other)]).toEqual([shardOf(old) + 1, shardOf(old) + 1]);
  expect((await afterAnHour(store, anew))?.perMinute).toBeCloseTo(60, 0);
  expect(await afterAnHour(store, other)).toBeNull();
});

test("what another shard has learned and cannot be read keeps nobody from being judged", async ({
  store,
}) => {
  const old = await MovingHost.make(store, "web-1", T0, { role: "web" });
  await learned(store, old);
  await store.db.detectState.updateMany({ data: { baselines: Buffer.from("no baselines") } });
  await nextShard(store, old);
  const anew = await MovingHost.make(store, "web-2", T0, { role: "web" });
  expect(await afterAnHour(store, anew)).toBeNull();
  expect((await baselinesOf(store, anew)).watermark).toBeGreaterThan(T0);
});
