import { expect, inject, test } from "vitest";
import { openStore } from "../../src/store/client.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const KILLS = Number(process.env.SPILLWAY_TEST_KILLS ?? 4);
const SENDERS = 8;

/** Times of the snapshots of a host that are stored, ms since 1970. */
async function storedTimes(databaseUrl: string): Promise<Map<string, number[]>> {
  const store = openStore({
    url: databaseUrl,
    poolSize: 1,
    statementTimeoutMs: 10_000,
    applicationName: "test",
    onError: () => undefined,
  });
  const rows = await store.db.$queryRaw<{ name: string; at: number }[]>`
    SELECT h.name, date_part('epoch', s.at) * 1000 AS at FROM ts.snapshot s
    JOIN namespace n ON n.id = s.namespace_id JOIN host h ON h.id = n.host_id`;
  await store.close();
  const byHost = new Map<string, number[]>();
  for (const { name, at } of rows) byHost.set(name, [...(byHost.get(name) ?? []), Math.round(at)]);
  return byHost;
}

test("kill -9 in the middle of pushes: what was acknowledged is there, once, and the next start works", async () => {
  const server = inject("postgresUrl");
  const database = await createDatabase(server);
  const databaseUrl = databaseUrlOf(server, database);
  const hosts = Array.from({ length: SENDERS }, () => new TestHost());
  const acknowledged = new Map(hosts.map((host) => [host.name, new Set<number>()]));
  let at = Date.now() - 3_600_000;

  for (let kill = 0; kill < KILLS; kill++) {
    const service = await startService({ databaseUrl });
    let answered = 0;
    let killed: Promise<void> | null = null;
    const send = async (host: TestHost) => {
      while (killed === null) {
        const times = [at++, at++, at++];
        try {
          const { results } = await service.pushed(
            push(host.section(times.map((time) => host.snapshot(time, [time % 1000, 1, 1])))),
          );
          results.forEach((result, index) => {
            if (result.status === "stored") acknowledged.get(host.name)?.add(times[index] ?? 0);
          });
        } catch {
          // Cut off by the kill: stored or not, nothing was promised.
          continue;
        }
        // Killed while others are under way, at a point that differs each time.
        if (++answered === 20 + kill * 7) killed = service.kill();
      }
    };
    await Promise.all(hosts.map(send));
    await killed;
  }

  const service = await startService({ databaseUrl });
  const stored = await storedTimes(databaseUrl);
  for (const [name, times] of acknowledged) {
    const there = stored.get(name) ?? [];
    expect(there.length).toBe(new Set(there).size);
    expect([...times].filter((time) => !there.includes(time))).toEqual([]);
    expect(times.size).toBeGreaterThan(0);
  }
  // The jobs that died with their workers hold nothing up for good.
  await waitFor(
    "the rollups to catch up",
    async () => {
      const { data } = await service.graphql("{ system { rollup { pendingMarks } queue { failed } } }");
      return data.system.rollup.pendingMarks === 0 ? data : null;
    },
    { timeoutMs: 90_000 },
  );
  expect(await service.stop()).toBe(0);
  await dropDatabase(server, database);
});
