/** Files of migrations that are marked to run outside a transaction: what they leave when they die half-way. */
import type { Client } from "pg";
import { expect } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import {
  column,
  connect,
  database,
  folderOf,
  killWhenWaiting,
  log,
  recordedNames,
  spawnRunner,
} from "../support/migrations.ts";
import { test } from "../support/postgres.ts";

const CONCURRENTLY =
  "-- spillway: no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a_id_index ON a (id);\n";

async function validIndexes(client: Client): Promise<boolean[]> {
  return column(
    client,
    "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = 'a_id_index'",
  );
}

test("a file marked no-transaction runs outside one", async () => {
  const { url, client } = await database();
  const folder = await folderOf({ "1_table": "CREATE TABLE a (id int);", "2_index": CONCURRENTLY });
  expect((await migrate({ url, folder, log })).applied).toEqual(["1_table", "2_index"]);
  expect(await validIndexes(client)).toEqual([true]);
  expect(await column(client, "SELECT applied_steps_count FROM _prisma_migrations")).toEqual([1, 1]);
});

test("a no-transaction file killed half-way is run again, without the invalid index it has left", async () => {
  const { url, client } = await database();
  const folder = await folderOf({
    // The function is called for the row while the index is made, and waits there for the test.
    "1_table": `
      CREATE TABLE a (id int); INSERT INTO a VALUES (1);
      CREATE FUNCTION waits(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_lock(1, 7); PERFORM pg_advisory_unlock(1, 7); RETURN $1; END; $$;`,
    "2_index": CONCURRENTLY.replace("(id)", "(waits(id))"),
  });
  const holder = await connect(url);
  await holder.query("SELECT pg_advisory_lock(1, 7)");
  await killWhenWaiting(spawnRunner(url, folder), client, 7);
  await holder.query("SELECT pg_advisory_unlock_all()");
  expect(await validIndexes(client)).toEqual([false]);
  expect(
    await column(client, "SELECT finished_at FROM _prisma_migrations ORDER BY started_at DESC LIMIT 1"),
  ).toEqual([null]);

  expect((await migrate({ url, folder, log })).applied).toEqual(["2_index"]);
  expect(await validIndexes(client)).toEqual([true]);
  expect(await recordedNames(client)).toEqual(["1_table", "2_index"]);
});
