/** The runner of migrations, with folders of its own making: what it applies, refuses and survives. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { migrate, pendingMigrations } from "../../src/store/migrate.ts";
import {
  column,
  connect,
  database,
  folderOf,
  killWhenWaiting,
  log,
  recordedNames,
  spawnRunner,
  tables,
  writeMigration,
} from "../support/migrations.ts";
import { test } from "../support/postgres.ts";
import { prismaEngine } from "../support/prisma-engine.ts";
import { waitFor } from "../support/wait.ts";

test("applies each migration in order, with a row as Prisma writes it, and nothing the second time", async () => {
  const { url, client } = await database();
  const first = "CREATE TABLE b (id int);\n";
  const folder = await folderOf({ "2_second": "ALTER TABLE b ADD COLUMN c int;", "1_first": first });

  expect(await pendingMigrations(url, folder)).toEqual(["1_first", "2_second"]);
  expect(await migrate({ url, folder, log })).toEqual({ applied: ["1_first", "2_second"] });
  expect(await migrate({ url, folder, log })).toEqual({ applied: [] });
  await waitFor("nothing to be pending", async () => (await pendingMigrations(url, folder)).length === 0);

  const { rows } = await client.query("SELECT * FROM _prisma_migrations ORDER BY migration_name LIMIT 1");
  expect(rows).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      checksum: createHash("sha256").update(first).digest("hex"),
      finished_at: expect.any(Date),
      migration_name: "1_first",
      logs: null,
      rolled_back_at: null,
      started_at: expect.any(Date),
      applied_steps_count: 1,
    },
  ]);
});

test("and `prisma migrate` agree on what is applied, changed and unfinished", async () => {
  const { url, client } = await database();
  const folder = await folderOf({ "1_a": "CREATE TABLE a (id int);", "2_b": "CREATE TABLE b (id int);" });
  const prisma = await prismaEngine(url, folder);
  await migrate({ url, folder, log });
  const inStep = {
    editedMigrationNames: [],
    failedMigrationNames: [],
    hasMigrationsTable: true,
    history: null,
  };
  expect(await prisma.diagnose()).toMatchObject(inStep);
  expect((await prisma.deploy()).appliedMigrationNames).toEqual([]);

  await writeMigration(folder, "3_c", "CREATE TABLE c (id int);");
  const later = await prismaEngine(url, folder);
  expect((await later.deploy()).appliedMigrationNames).toEqual(["3_c"]);
  expect((await migrate({ url, folder, log })).applied).toEqual([]);
  expect(await tables(client)).toEqual(["a", "b", "c"]);

  await writeMigration(folder, "1_a", "CREATE TABLE a (id bigint);");
  await client.query("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '3_c'");
  expect(await (await prismaEngine(url, folder)).diagnose()).toMatchObject({
    editedMigrationNames: ["1_a"],
    failedMigrationNames: ["3_c"],
  });
});

test("leaves it to the server to divide a file: semicolons in strings, comments, names and bodies", async () => {
  const { url, client } = await database();
  const folder = await folderOf({
    "1_semicolons": `
      -- A comment; with a semicolon, and 'half a string
      /* another; /* nested; */ still; */
      CREATE TABLE "odd;name" (value text DEFAULT 'a;b''c;', other text DEFAULT E'\\';');
      CREATE FUNCTION twice() RETURNS int LANGUAGE plpgsql AS $body$
      BEGIN
        INSERT INTO "odd;name" VALUES ($$x;y$$); INSERT INTO "odd;name" VALUES (DEFAULT);
        RETURN 2;
      END;
      $body$;
      DO $$ BEGIN PERFORM twice(); END; $$;`,
  });
  await migrate({ url, folder, log });
  expect(await column(client, `SELECT value FROM "odd;name" ORDER BY 1`)).toEqual(["a;b'c;", "x;y"]);
});

test("a statement that fails leaves nothing of its file, is named with its line, and can be mended", async () => {
  const { url, client } = await database();
  const folder = await folderOf({
    "1_good": "CREATE TABLE good (id int);",
    "2_bad": "CREATE TABLE half (id int);\nINSERT INTO half VALUES (1);\nSELECT nonsense;",
  });
  await expect(migrate({ url, folder, log })).rejects.toThrow(
    'cannot apply the migration 2_bad at line 3: column "nonsense" does not exist (42703)',
  );
  expect(await tables(client)).toEqual(["good"]);
  expect(await recordedNames(client)).toEqual(["1_good"]);

  await writeMigration(folder, "2_bad", "CREATE TABLE half (id int);");
  expect((await migrate({ url, folder, log })).applied).toEqual(["2_bad"]);
});

test("a file that ends the runner's transaction is refused by name", async () => {
  const { url } = await database();
  const folder = await folderOf({ "1_commits": "CREATE TABLE a (id int); COMMIT; BEGIN;" });
  await expect(migrate({ url, folder, log })).rejects.toThrow(/1_commits: it ends the transaction/);
});

test("what one file SETs does not reach the next", async () => {
  const { url, client } = await database();
  const folder = await folderOf({
    "1_sets": "SET lock_timeout = '1234ms'; SET datestyle = 'German';",
    "2_reads":
      "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS a, current_setting('datestyle') AS b;",
  });
  await migrate({ url, folder, log });
  expect((await client.query("SELECT * FROM seen")).rows).toEqual([{ a: "0", b: "ISO, MDY" }]);
});

test("killed at any statement, at its row or at the commit, a run leaves nothing and the next completes", async () => {
  const { url, client } = await database();
  const statements = 4;
  const [row, commit] = [statements + 1, statements + 2];
  const halt = (key: number) => `SELECT pg_advisory_xact_lock(1, ${key});`;
  const waits = (name: string, key: number) => `
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(1, ${key}); RETURN NULL; END; $$;`;
  const folder = await folderOf({
    "1_before": "CREATE TABLE before (id int);",
    "2_killed": `${Array.from(
      { length: statements },
      (_, index) => `${halt(index + 1)} CREATE TABLE t${index + 1} (id int);`,
    ).join("\n")}
      ${waits("at_row", row)} ${waits("at_commit", commit)}
      CREATE TRIGGER at_row AFTER UPDATE ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION at_row();
      CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON _prisma_migrations DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION at_commit();`,
    "3_after": "DROP TRIGGER at_row ON _prisma_migrations; DROP TRIGGER at_commit ON _prisma_migrations;",
  });
  const holder = await connect(url);

  for (let key = 1; key <= commit; key += 1) {
    await holder.query("SELECT pg_advisory_lock(1, $1)", [key]);
    await killWhenWaiting(spawnRunner(url, folder), client, key);
    expect(await tables(client)).toEqual(["before"]);
    expect(await recordedNames(client)).toEqual(["1_before"]);
    await holder.query("SELECT pg_advisory_unlock_all()");
  }

  expect((await migrate({ url, folder, log })).applied).toEqual(["2_killed", "3_after"]);
  expect(await tables(client)).toEqual(["before", "t1", "t2", "t3", "t4"]);
});

test("runners that start at once apply each migration once", async () => {
  const { url, client } = await database();
  const folder = await folderOf({
    "1_table": "CREATE TABLE runs (id serial); INSERT INTO runs DEFAULT VALUES;",
    "2_row": "INSERT INTO runs DEFAULT VALUES;",
  });
  // All are held at the lock until the last has come to it.
  const gate = await connect(url);
  await gate.query("SELECT pg_advisory_lock(72707369)");
  const runs = [1, 2, 3].map(() => migrate({ url, folder, log }));
  await waitFor("all runners to wait for the lock", async () => {
    const waiting =
      "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()";
    return (await column(client, waiting)).length === runs.length;
  });
  await gate.query("SELECT pg_advisory_unlock_all()");

  const results = await Promise.all(runs);
  expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 2]);
  expect(await column(client, "SELECT count(*)::int FROM runs")).toEqual([2]);
  expect(await recordedNames(client)).toEqual(["1_table", "2_row"]);
});

test("waits for another migration a bounded time, and says what it waits for", async () => {
  const { url } = await database();
  const other = await connect(url);
  await other.query("SELECT pg_advisory_lock(72707369)");
  const folder = await folderOf({ "1_table": "CREATE TABLE a (id int);" });
  await expect(migrate({ url, folder, log, lockTimeoutMs: 100 })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/another process has been migrating it for 0.1 s .*72707369/),
  });
});

test("a file changed after it was applied is refused by name, before anything is changed", async () => {
  const { url, client } = await database();
  const folder = await folderOf({ "1_table": "CREATE TABLE a (id int);" });
  await migrate({ url, folder, log });
  await writeMigration(folder, "1_table", "CREATE TABLE a (id bigint);");
  await writeMigration(folder, "2_table", "CREATE TABLE b (id int);");
  await expect(migrate({ url, folder, log })).rejects.toMatchObject({
    code: "CONFIGURATION",
    message: expect.stringMatching(/file of the migration 1_table was changed/),
  });
  expect(await tables(client)).toEqual(["a"]);
});

test("a database newer than the code is refused", async () => {
  const { url } = await database();
  const newer = await folderOf({ "1_old": "CREATE TABLE a (id int);", "2_new": "CREATE TABLE b (id int);" });
  await migrate({ url, folder: newer, log });
  const older = await folderOf({ "1_old": "CREATE TABLE a (id int);" });
  await expect(migrate({ url, folder: older, log })).rejects.toMatchObject({
    code: "CONFIGURATION",
    message: expect.stringMatching(/has the migration 2_new, which this version does not know, so a newer/),
  });
});

test("a migration that Prisma has begun and not finished is reported until it is resolved", async () => {
  const { url, client } = await database();
  const folder = await folderOf({ "1_table": "CREATE TABLE a (id int);" });
  await migrate({ url, folder, log });
  await client.query(
    "UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0, logs = 'ERROR: ...'",
  );
  await expect(migrate({ url, folder, log })).rejects.toThrow(
    /1_table was begun by `prisma migrate` and did not/,
  );
  expect(await pendingMigrations(url, folder)).toEqual(["1_table"]);

  await client.query("UPDATE _prisma_migrations SET rolled_back_at = now()");
  await client.query("DROP TABLE a");
  expect((await migrate({ url, folder, log })).applied).toEqual(["1_table"]);
});

test("a folder without its file is named", async () => {
  const { url } = await database();
  const folder = await folderOf({});
  await mkdir(join(folder, "1_empty"));
  await expect(migrate({ url, folder, log })).rejects.toThrow(join(folder, "1_empty", "migration.sql"));
  await expect(migrate({ url, folder: join(folder, "none"), log })).rejects.toThrow(
    /cannot read the migrations/,
  );
});
