/** What sessions of the database have to be like, and what is said of those that are not. */
import { Client } from "pg";
import { expect } from "vitest";
import { inTransaction } from "../../src/store/client.ts";
import { requireSettings, serverFault, sessionFault } from "../../src/store/require-settings.ts";
import { openTestStore, test } from "../support/store.ts";

const SOUND = {
  user: "spillway",
  timeZone: "UTC",
  isolation: "read committed",
  synchronousCommit: "on",
  fsync: "on",
};

test("sessions in UTC are taken, and those in another time zone refused with what to do", async ({
  store,
}) => {
  await expect(requireSettings(store.db)).resolves.toEqual(expect.stringMatching(/fsync/));
  await inTransaction(store.db, async (tx) => {
    await tx.$executeRaw`SET LOCAL TimeZone = 'Asia/Kolkata'`;
    await expect(requireSettings(tx)).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(/time zone Asia\/Kolkata.*ALTER ROLE ".+" SET timezone = 'UTC'/),
    });
  });
});

test("sessions whose transactions are not read committed are refused with what to do", async ({ store }) => {
  await inTransaction(store.db, async (tx) => {
    await tx.$executeRaw`SET LOCAL default_transaction_isolation = 'repeatable read'`;
    await expect(requireSettings(tx)).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(
        /are repeatable read.*ALTER ROLE ".+" SET default_transaction_isolation = 'read committed'/,
      ),
    });
  });
});

test("a commit is on disk when it is acknowledged: sessions ask for it, and one that may not is refused", async ({
  databaseUrl,
}) => {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET synchronous_commit = off`);
  await client.end();
  const store = openTestStore(databaseUrl, 1);
  try {
    await requireSettings(store.db);
    // As behind a pooler, where the session's own default holds.
    await store.db.$executeRaw`SET synchronous_commit = off`;
    await expect(requireSettings(store.db)).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(
        /synchronous_commit = off.*ALTER ROLE ".+" SET synchronous_commit = 'on'/,
      ),
    });
  } finally {
    await store.close();
  }
});

test("a server that may lose what it has committed is warned of", async ({ store }) => {
  // The tests' own is one.
  expect(await requireSettings(store.db)).toMatch(/fsync = off.*Set fsync = on/);
  expect(serverFault(SOUND)).toBeNull();
  expect(sessionFault(SOUND)).toBeNull();
});

test("transactions are read committed, whatever the database's or the session's own default", async ({
  databaseUrl,
}) => {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`,
  );
  await client.end();
  const store = openTestStore(databaseUrl, 1);
  try {
    await expect(requireSettings(store.db)).resolves.toEqual(expect.stringMatching(/fsync/));
    // As behind a pooler, where the session's own default holds.
    await store.db.$executeRaw`SET default_transaction_isolation = 'serializable'`;
    const isolation = await inTransaction(store.db, async (tx) => {
      const [row] = await tx.$queryRaw<
        { now: string }[]
      >`SELECT current_setting('transaction_isolation') AS now`;
      return row?.now;
    });
    expect(isolation).toBe("read committed");
  } finally {
    await store.close();
  }
});
