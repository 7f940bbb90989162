/** What sessions of the database have to be like, and what is said of those that are not. */
import { Client } from "pg";
import { expect } from "vitest";
import { inTransaction } from "../../src/store/client.ts";
import { durabilityFault, requireSettings, sessionFault } from "../../src/store/require-settings.ts";
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
  await expect(requireSettings(store.db, { unsafe: true })).resolves.toBeUndefined();
  await inTransaction(store.db, async (tx) => {
    await tx.$executeRaw`SET LOCAL TimeZone = 'Asia/Kolkata'`;
    await expect(requireSettings(tx, { unsafe: true })).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(/time zone Asia\/Kolkata.*ALTER ROLE ".+" SET timezone = 'UTC'/),
    });
  });
});

test("sessions whose transactions are not read committed are refused with what to do", async ({ store }) => {
  await inTransaction(store.db, async (tx) => {
    await tx.$executeRaw`SET LOCAL default_transaction_isolation = 'repeatable read'`;
    await expect(requireSettings(tx, { unsafe: true })).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(
        /are repeatable read.*ALTER ROLE ".+" SET default_transaction_isolation = 'read committed'/,
      ),
    });
  });
});

test("a database that may lose what it has acknowledged is refused, unless that is wanted", async ({
  store,
}) => {
  // The tests' own server is one.
  await expect(requireSettings(store.db)).rejects.toMatchObject({
    code: "CONFIGURATION",
    message: expect.stringMatching(/fsync = off.*Set fsync = on.*SPILLWAY_UNSAFE_DATABASE=1/),
  });
  expect(durabilityFault({ ...SOUND, synchronousCommit: "off" })).toMatch(
    /synchronous_commit = off.*ALTER ROLE "spillway" SET synchronous_commit = 'on'.*SPILLWAY_UNSAFE_DATABASE=1/,
  );
  for (const synchronousCommit of ["on", "local", "remote_write", "remote_apply"]) {
    expect(durabilityFault({ ...SOUND, synchronousCommit })).toBeNull();
  }
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
    await expect(requireSettings(store.db, { unsafe: true })).resolves.toBeUndefined();
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
