/** What is asked over the API never takes the last connections: pushes, jobs and the look at who asks find one. */
import { expect } from "vitest";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { openTestStore, test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const KEY = 77;
const blocked = (db: Pick<PrismaClient, "$queryRaw">) =>
  db.$queryRaw`SELECT pg_advisory_xact_lock_shared(${KEY}::bigint)::text`;

test("however much is asked at once, and all of it is answered in the end", async ({
  store,
  databaseUrl,
}) => {
  const small = openTestStore(databaseUrl, 5);
  const waiting = async () => {
    const [row] = await store.db.$queryRaw<{ count: bigint }[]>`
      SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
    return Number(row?.count);
  };
  try {
    const asked = await inTransaction(store.db, async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(${KEY}::bigint)::text`;
      const statements = Array.from({ length: 20 }, () => blocked(small.reading));
      const transactions = Array.from({ length: 3 }, () => inTransaction(small.reading, blocked));
      await waitFor("two statements to wait", async () => (await waiting()) === 2);
      // A connection of the five is left for each of these.
      await Promise.all([1, 2, 3].map(() => inTransaction(small.db, (own) => own.$queryRaw`SELECT 1`)));
      expect(await waiting()).toBe(2);
      return { statements, transactions };
    });
    expect(await Promise.all([...asked.statements, ...asked.transactions])).toHaveLength(23);
    await expect(small.reading.$queryRaw`SELECT 1 / 0`).rejects.toThrow(/division by zero/);
    await expect(inTransaction(small.reading, (tx) => tx.$queryRaw`SELECT 1 / 0`)).rejects.toThrow(
      /division/,
    );
    expect(
      await Promise.all(Array.from({ length: 5 }, () => small.reading.$queryRaw`SELECT 1`)),
    ).toHaveLength(5);
  } finally {
    await small.close();
  }
});
