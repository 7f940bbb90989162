/** The service's own migrations: what holds of their files, and what they make of rows that were there. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { migrate, pendingMigrations } from "../../src/store/migrate.ts";
import { migrationNames } from "../../src/store/migration-files.ts";
import {
  column,
  connect,
  database,
  folderOf,
  log,
  recordedNames,
  repository,
} from "../support/migrations.ts";
import { test } from "../support/postgres.ts";

test("finds the service's own migrations and nothing pending in the template", async ({ databaseUrl }) => {
  expect((await migrate({ url: databaseUrl, log })).applied).toEqual([]);
  expect(await pendingMigrations(databaseUrl)).toEqual([]);
  const client = await connect(databaseUrl);
  expect((await recordedNames(client)).sort()).toEqual(await migrationNames());
});

test("the service's own files outside a transaction hold one statement, written IF NOT EXISTS", async () => {
  for (const name of await migrationNames()) {
    const sql = await readFile(join(repository, "prisma/migrations", name, "migration.sql"), "utf8");
    if (!sql.startsWith("-- spillway: no-transaction")) continue;
    expect(sql, name).toMatch(/IF (NOT )?EXISTS/);
    expect(sql.trim().replace(/;$/, ""), name).not.toContain(";");
  }
});

test("the hours of minutes that were there are marked in UTC, whatever the time zone of the server", async () => {
  const { url, client } = await database();
  const repositoryFolder = join(repository, "prisma", "migrations");
  const before = (await migrationNames(repositoryFolder)).filter((name) => name < "20261126");
  const files: Record<string, string> = {};
  for (const name of before)
    files[name] = await readFile(join(repositoryFolder, name, "migration.sql"), "utf8");
  await migrate({ url, folder: await folderOf(files), log });
  await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET timezone TO 'Asia/Kolkata'`);
  await client.query(`
    SELECT ts.ensure_partition('coverage', '2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z');
    INSERT INTO ts.coverage (shard, bucket, layout_id, open, reporters, covered_ms, data)
    SELECT 3, to_timestamp(1795163400 + 60 * minute), 1, false, 1, 60000, '' FROM generate_series(0, 89) minute`);
  await migrate({ url, log });
  expect(await column(client, "SELECT extract(epoch FROM hour)::int % 3600 FROM ts.hour_mark")).toEqual([
    0, 0,
  ]);
});
