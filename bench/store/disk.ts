import type { PrismaClient } from "../../src/store/client.ts";

/** Bytes of the partitioned tables, their indexes and what is stored out of line, by table. */
export async function tableBytes(db: PrismaClient): Promise<Readonly<Record<string, number>>> {
  const rows = await db.$queryRaw<{ name: string; bytes: number }[]>`
    SELECT p.relname AS name, sum(pg_total_relation_size(i.inhrelid))::float8 AS bytes
    FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
    WHERE p.relnamespace = 'ts'::regnamespace AND p.relkind = 'p' GROUP BY p.relname`;
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]));
}
