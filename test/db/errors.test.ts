import { expect } from "vitest";
import { openStore, type Store } from "../../src/store/client.ts";
import { sealHour } from "../../src/store/compaction/hours.ts";
import { sqlState, storeFault } from "../../src/store/errors.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { test } from "../support/postgres.ts";

function open(url: string): Store {
  return openStore({
    url,
    poolSize: 2,
    statementTimeoutMs: 20_000,
    applicationName: "test",
    onError: () => undefined,
  });
}

async function thrownBy(url: string, work: (store: Store) => Promise<unknown>): Promise<unknown> {
  const store = open(url);
  try {
    await work(store);
  } catch (error) {
    return error;
  } finally {
    await store.close();
  }
  throw new Error("nothing was thrown");
}

test("faults are named by what the server says", async ({ databaseUrl }) => {
  const cases: [string, (store: Store) => Promise<unknown>, string, string | null][] = [
    [
      "a time without a partition",
      ({ db }) => db.$executeRaw`INSERT INTO ts.snapshot VALUES (0, 0, '1999-01-01', 0, 0, 0, 0, 0, '')`,
      "no_partition",
      "23514",
    ],
    [
      "a snapshot of a sealed hour",
      async ({ db }) => {
        await new Partitions().ensure(db, "snapshot", [0]);
        await sealHour(db, 0);
        await db.$executeRaw`INSERT INTO ts.snapshot VALUES (0, 0, '1970-01-01', 0, 0, 0, 0, 0, '')`;
      },
      "sealed",
      "23514",
    ],
    ["a NUL in a text", ({ db }) => db.$queryRaw`SELECT ${"a\0b"}::text`, "row", "22021"],
    [
      "a duplicate",
      ({ db }) => db.$executeRaw`INSERT INTO counter (id, name) VALUES (1, 'a'), (1, 'b')`,
      "row",
      "23505",
    ],
    ["a table that is not there", ({ db }) => db.$queryRaw`SELECT FROM nowhere`, "other", "42P01"],
    [
      "a statement that takes too long",
      ({ db }) =>
        db.$transaction(async (tx) => {
          await tx.$executeRaw`SET LOCAL statement_timeout = '100ms'`;
          await tx.$queryRaw`SELECT pg_sleep(5)::text`;
        }),
      "unavailable",
      "57014",
    ],
    [
      "a session that was ended",
      ({ db }) => db.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`,
      "unavailable",
      "57P01",
    ],
    [
      "a read-only session",
      ({ db }) =>
        db.$transaction(async (tx) => {
          await tx.$executeRaw`SET TRANSACTION READ ONLY`;
          await tx.$executeRaw`INSERT INTO counter (name) VALUES ('x')`;
        }),
      "unavailable",
      "25006",
    ],
  ];
  for (const [name, work, fault, code] of cases) {
    const error = await thrownBy(databaseUrl, work);
    expect([name, storeFault(error), sqlState(error)]).toEqual([name, fault, code]);
  }
});

test("a server that is not there is unavailable, by any of its ways", async ({ databaseUrl }) => {
  const urls = [
    "postgres://nobody@127.0.0.1:1/none",
    "postgres://nobody@localhost/none?host=/nonexistent",
    databaseUrl.replace(/:[^:@/]+@/, ":wrong@"),
    databaseUrl.replace(/\/[^/?]+\?/, "/no_such_database?"),
  ];
  for (const url of urls) {
    const raw = await thrownBy(url, ({ db }) => db.$queryRaw`SELECT 1`);
    const model = await thrownBy(url, ({ db }) => db.token.findFirst());
    expect([url, storeFault(raw), storeFault(model)]).toEqual([url, "unavailable", "unavailable"]);
  }
});

test.for([
  ["58P01", "could not open file", 2],
  ["XX000", "could not open relation with OID 17", 2],
  ["42P01", "relation is not there", 2],
  ["XX000", "something else", 1],
  ["23505", "a duplicate", 1],
] as const)(
  "a statement that fails with %s, %s, is sent %i times",
  async ([code, text, times], { databaseUrl }) => {
    const store = open(databaseUrl);
    const { db } = store;
    await db.$executeRaw`CREATE SEQUENCE sent`;
    // A sequence keeps its count when the statement is undone. The first time fails.
    await db.$executeRawUnsafe(`
    CREATE FUNCTION fail_once() RETURNS TEXT LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('sent') % 2 = 1 THEN RAISE EXCEPTION USING ERRCODE = '${code}', MESSAGE = '${text}'; END IF;
      RETURN 'answered';
    END $$`);
    const sent = async () => {
      const [row] = await db.$queryRaw<{ sent: number }[]>`SELECT last_value::int AS sent FROM sent`;
      return row?.sent;
    };
    const ask = (client: Pick<Store["db"], "$queryRaw">) => client.$queryRaw`SELECT fail_once() AS answer`;
    if (times === 2) expect(await ask(db)).toEqual([{ answer: "answered" }]);
    else await expect(ask(db)).rejects.toThrow(text);
    expect(await sent()).toBe(times);
    // Within a transaction, which has failed as a whole, it is not.
    await db.$executeRaw`SELECT setval('sent', 10)`;
    await expect(db.$transaction((tx) => ask(tx))).rejects.toThrow(text);
    expect(await sent()).toBe(11);
    await store.close();
  },
);
