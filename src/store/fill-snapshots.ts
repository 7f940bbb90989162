import { Prisma } from "../generated/prisma/client.ts";
import type { Count } from "../protocol/count.ts";
import { layoutHash } from "../protocol/layout.ts";
import { valueAt } from "../rates/values.ts";
import { type Db, inTransaction, type PrismaClient } from "./client.ts";
import { decodeValues, encodeValues } from "./codec/values.ts";
import { storeFault } from "./errors.ts";
import { HOUR_MS } from "./history/record.ts";
import { registerLayout } from "./layouts.ts";
import { type SnapshotRow, shardOf } from "./snapshots.ts";

/**
 * `filled` has gained something, of a `duplicate` all was there. `closed`: the snapshot lies in a compacted hour, or is
 * gone, and takes nothing more.
 */
export type FillOutcome = "filled" | "duplicate" | "closed";

/** What of a row says whose it is and what it adds. */
export type FillRow = Pick<SnapshotRow, "namespaceId" | "at" | "layoutId" | "values">;

/**
 * Adds to snapshots that are there the values that they lack, with a mark of the minute: parts of one reading that came
 * apart. A value that is there is never changed. Each row in a transaction of its own, with the snapshot's row locked,
 * so that parts that come at once both get in.
 *
 * A sealed hour refuses the change by the constraint that refuses new rows (`ts.seal_hour`); what came late for one lies
 * apart, and is filled there.
 *
 * @returns one outcome for each row, in the order given
 */
export async function fillSnapshots(db: PrismaClient, rows: readonly FillRow[]): Promise<FillOutcome[]> {
  const outcomes: FillOutcome[] = [];
  for (const row of rows) outcomes.push(await fillOrRefuse(db, row));
  return outcomes;
}

async function fillOrRefuse(db: PrismaClient, row: FillRow): Promise<FillOutcome> {
  try {
    const outcome = await inTransaction(db, (tx) => fill(tx, Prisma.sql`ts.snapshot`, row));
    if (outcome !== "closed") return outcome;
  } catch (error) {
    if (storeFault(error) !== "sealed") throw error;
  }
  return inTransaction(db, async (tx) => {
    // As appendLateSnapshots does: it keeps the merger from moving the row between the look and the change.
    const hour = new Date(Math.floor(row.at / HOUR_MS) * HOUR_MS).toISOString();
    await tx.$queryRaw`SELECT hour FROM ts.compacted_hour WHERE hour = ${hour}::timestamptz FOR SHARE`;
    return fill(tx, Prisma.sql`ts.snapshot_late`, row);
  });
}

async function fill(tx: Db, table: Prisma.Sql, row: FillRow): Promise<FillOutcome> {
  const { namespaceId } = row;
  const shard = shardOf(namespaceId);
  const at = new Date(row.at).toISOString();
  const own = Prisma.sql`shard = ${shard}::int AND namespace_id = ${namespaceId}::int AND at = ${at}::timestamptz(3)`;
  const [there] = await tx.$queryRaw<{ layoutId: number; values: Uint8Array }[]>`
    SELECT layout_id AS "layoutId", "values" FROM ${table} WHERE ${own} FOR UPDATE`;
  if (there === undefined) return "closed";
  const merged = await valuesOf(tx, there.layoutId, there.values);
  let gained = false;
  for (const [name, value] of await valuesOf(tx, row.layoutId, row.values)) {
    if (value === null || (merged.get(name) ?? null) !== null) continue;
    merged.set(name, value);
    gained = true;
  }
  if (!gained) return "duplicate";
  const names = [...merged.keys()].sort();
  const layout = await registerLayout(tx, layoutHash(names), names);
  if (layout === null) return "closed";
  const values = encodeValues(names.map((name) => merged.get(name) ?? null));
  await tx.$executeRaw`UPDATE ${table} SET layout_id = ${layout.id}::int, "values" = ${values} WHERE ${own}`;
  await tx.$executeRaw`
    INSERT INTO ts.mark (shard, minute, namespaces)
    VALUES (${shard}::int, date_trunc('minute', ${at}::timestamptz), ARRAY[${namespaceId}::int])`;
  return "filled";
}

/** Values by the names of their counters. */
async function valuesOf(tx: Db, layoutId: number, values: Uint8Array): Promise<Map<string, Count | null>> {
  const rows = await tx.$queryRaw<{ name: string }[]>`
    SELECT c.name FROM layout l, unnest(l.counter_ids) WITH ORDINALITY AS own(id, place)
    JOIN counter c USING (id) WHERE l.id = ${layoutId}::int ORDER BY own.place`;
  const decoded = decodeValues(values, rows.length);
  return new Map(rows.map(({ name }, place) => [name, valueAt(decoded, place)]));
}
