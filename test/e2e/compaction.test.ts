import { expect } from "vitest";
import { openStore } from "../../src/store/client.ts";
import { tickNow } from "../support/jobs.ts";
import { test } from "../support/postgres.ts";
import { push, TestHost } from "../support/pushes.ts";
import { rolledUp, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const HOUR = 3_600_000;

interface Place {
  readonly raw: number;
  readonly late: number;
  readonly hours: number;
}

test("an old hour is compacted by the service's own jobs, killed meanwhile; late snapshots are merged", async ({
  databaseUrl,
}) => {
  const env = { SPILLWAY_COMPACT_AFTER: "1h" };
  const store = openStore({
    url: databaseUrl,
    poolSize: 2,
    statementTimeoutMs: 10_000,
    applicationName: "test",
    onError: () => undefined,
  });
  const places = async (): Promise<Place | undefined> => {
    const [row] = await store.db.$queryRaw<Place[]>`
      SELECT (SELECT count(*)::int FROM ts.snapshot) AS raw, (SELECT count(*)::int FROM ts.snapshot_late) AS late,
             (SELECT coalesce(sum(h.snapshots), 0)::int FROM ts.snapshot_hour h
              JOIN ts.compacted_hour c ON c.hour = h.hour WHERE c.compacted_at IS NOT NULL) AS hours`;
    return row;
  };
  let service = await startService({ databaseUrl, env });
  const host = new TestHost({ bootedAt: Date.now() - 30 * HOUR });
  const start = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR;
  const at = (index: number) => start + index * 20_000;
  const sent = (indexes: readonly number[]) =>
    push(host.section(indexes.map((index) => host.snapshot(at(index), [index, index * 2, 1]))));
  const even = Array.from({ length: 80 }, (_, index) => index * 2);
  const odd = even.map((index) => index + 1);
  const query = `query ($name: String!, $from: DateTime!, $to: DateTime!) {
    host(name: $name) { increase(counter: "ListenOverflows", range: { from: $from, to: $to }) }
  }`;
  const asked = {
    name: host.name,
    from: new Date(start).toISOString(),
    to: new Date(start + HOUR).toISOString(),
  };

  await service.pushed(sent(even));
  const before = (await service.graphql(query, asked)).data;
  expect(before.host.increase).toBe(String(2 * (even.at(-1) ?? 0)));
  await service.kill();
  service = await startService({ databaseUrl, env });
  await rolledUp(databaseUrl);
  await tickNow(databaseUrl, "compact");
  await waitFor("the hour to be compacted", async () => (await places())?.hours === even.length, {
    timeoutMs: 120_000,
  });
  expect(await places()).toEqual({ raw: 0, late: 0, hours: even.length });
  expect((await service.graphql(query, asked)).data).toEqual(before);

  const statuses = async (indexes: readonly number[]) =>
    new Set((await service.pushed(sent(indexes))).results.map(({ status }) => status));
  expect(await statuses(even)).toEqual(new Set(["duplicate"]));
  expect(await statuses(odd)).toEqual(new Set(["stored"]));
  expect(await statuses(odd)).toEqual(new Set(["duplicate"]));
  await tickNow(databaseUrl, "compact");
  await waitFor(
    "the late ones to be merged",
    async () => (await places())?.hours === even.length + odd.length,
    {
      timeoutMs: 120_000,
    },
  );
  expect(await places()).toEqual({ raw: 0, late: 0, hours: even.length + odd.length });
  expect(await statuses([...even, ...odd])).toEqual(new Set(["duplicate"]));
  await store.close();
  expect(await service.stop()).toBe(0);
}, 300_000);
