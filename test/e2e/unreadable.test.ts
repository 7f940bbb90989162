/** A damaged row, as people meet it: who asks for it is told what and where, and who looks after the service that it is so. */
import { expect } from "vitest";
import { tickNow } from "../support/jobs.ts";
import { test } from "../support/postgres.ts";
import { push, TestHost } from "../support/pushes.ts";
import { rolledUp, startService, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const HOUR = 3_600_000;

test("a damaged hour is told to who asks for it, shown in the storage, and no other host's matter", async ({
  databaseUrl,
}) => {
  const service = await startService({ databaseUrl, env: { SPILLWAY_COMPACT_AFTER: "1h" } });
  const bootedAt = Date.now() - 30 * HOUR;
  const [damaged, other] = [new TestHost({ bootedAt }), new TestHost({ bootedAt })];
  const start = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR;
  const sent = (host: TestHost, ...indexes: number[]) =>
    service.pushed(
      push(host.section(indexes.map((index) => host.snapshot(start + index * 20_000, [1, index, 1])))),
    );
  const increase = async (host: TestHost) => {
    const range = `{from: "${new Date(start).toISOString()}", to: "${new Date(start + HOUR).toISOString()}"}`;
    const query = `{ host(name: "${host.name}") { increase(counter: "ListenOverflows", range: ${range}) } }`;
    const { data, errors } = await service.graphql(query);
    return errors?.[0] ?? data.host.increase;
  };
  for (const host of [damaged, other]) await sent(host, 0, 1, 2, 4, 5);
  await rolledUp(databaseUrl);
  await tickNow(databaseUrl, "compact");
  await withStore(databaseUrl, async ({ db }) => {
    await waitFor(
      "the hour to be compacted",
      async () =>
        (
          await db.$queryRaw<unknown[]>`
      SELECT FROM ts.compacted_hour WHERE compacted_at IS NOT NULL`
        ).length > 0,
      { timeoutMs: 120_000 },
    );
    await db.$executeRaw`
      UPDATE ts.snapshot_hour h SET data = set_byte(data, 9, get_byte(data, 9) # 64)
      FROM namespace n JOIN host ON host.id = n.host_id
      WHERE n.id = h.namespace_id AND host.agent_id = ${damaged.id}::uuid`;
  });

  expect(await increase(damaged)).toMatchObject({
    extensions: { code: "UNREADABLE" },
    message: expect.stringMatching(
      new RegExp(`namespace \\d+ in the hour of ${new Date(start).toISOString()}.*checksum.*restore`),
    ),
  });
  expect(await increase(other)).toBe("5");

  // What comes late of both is kept, and has the hour rolled up anew, as far as it can be read.
  for (const host of [damaged, other]) await sent(host, 3);
  const storage = () => service.graphql("{ system { storage { unreadable { hours since example } } } }");
  await waitFor(
    "the storage to show it",
    async () => (await storage()).data.system.storage.unreadable.hours === 1,
    { timeoutMs: 120_000 },
  );
  expect((await storage()).data.system.storage.unreadable).toEqual({
    hours: 1,
    since: expect.stringMatching(/Z$/),
    example: expect.stringContaining("ts.snapshot_hour"),
  });
  expect(await increase(other)).toBe("5");
  await service.stop();
});
