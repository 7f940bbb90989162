import { readFile } from "node:fs/promises";
import { Client } from "pg";
import { expect } from "vitest";
import { diffSchemas, SCHEMA_PATH } from "../../scripts/schema-engine.ts";
import { emptyDatabase, test } from "../support/postgres.ts";

/** Tables, columns, keys and enums of the schema "public", as the server's catalog has them. */
async function describe(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ line: string }>(`
      SELECT format('%s.%s %s%s%s', table_name, column_name, udt_name, CASE is_nullable WHEN 'NO' THEN ' not null' END,
                    ' default ' || column_default) || coalesce(' precision ' || datetime_precision, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL
      SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
      UNION ALL
      SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL
      SELECT format('enum %s %s', t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder))
      FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.typname
      ORDER BY 1`);
    return rows.map(({ line }) => line).filter((line) => !line.includes("_prisma_migrations"));
  } finally {
    await client.end();
  }
}

/** What the migrations say and Prisma cannot. */
const BESIDES = [
  `CREATE UNIQUE INDEX namespace_host_id_root_key ON public.namespace USING btree (host_id) WHERE (kind = 'ROOT'::namespace_kind)`,
  "CREATE UNIQUE INDEX incident_open_dedup_key ON public.incident USING btree (dedup_key) WHERE (resolved_at IS NULL)",
];

test("a migrated database is what schema.prisma says", async ({ databaseUrl }) => {
  const byPrisma = await emptyDatabase();
  try {
    const client = new Client({ connectionString: byPrisma.url });
    await client.connect();
    await client.query(await diffSchemas(byPrisma.url, null, await readFile(SCHEMA_PATH, "utf8")));
    await client.end();
    const expected = [...(await describe(byPrisma.url)), ...BESIDES].sort();
    expect((await describe(databaseUrl)).sort()).toEqual(expected);
  } finally {
    await byPrisma.drop();
  }
});

test("schema.prisma compared with itself has no difference", async ({ databaseUrl }) => {
  const schema = await readFile(SCHEMA_PATH, "utf8");
  expect(await diffSchemas(databaseUrl, schema, schema)).toBe("");
  const without = schema.replace(/ +machineId +String\?.*\n/, "");
  expect(await diffSchemas(databaseUrl, without, schema)).toContain('ADD COLUMN     "machine_id" TEXT');
});
