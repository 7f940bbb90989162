import { Prisma } from "../generated/prisma/client.ts";
import type { Count } from "../protocol/count.ts";
import { valueAt } from "../rates/values.ts";
import { byteStrings, numbers } from "./array-literal.ts";
import { type Db, inTransaction, type PrismaClient } from "./client.ts";
import { decodeValues, encodeValues } from "./codec/values.ts";
import { storeFault } from "./errors.ts";
import { HOUR_MS } from "./history/record.ts";
import { instant, within } from "./history/sources.ts";
import { keyOf } from "./history/stored.ts";
import type { LayoutUnion, LayoutUnions } from "./layout-unions.ts";
import type { SnapshotRow } from "./snapshots.ts";

/**
 * `filled` has gained something, of a `duplicate` all was there. `closed`: the snapshot lies in a compacted hour, or is
 * gone, and takes nothing more.
 */
export type FillOutcome = "filled" | "duplicate" | "closed";

/** What of a row says whose it is and what it adds. */
export type FillRow = Pick<SnapshotRow, "namespaceId" | "at" | "layoutId" | "values">;

/** A row, and what became of it; null as long as nobody knows. */
interface Part {
  readonly row: FillRow;
  outcome: FillOutcome | null;
}

/** What a snapshot holds. */
interface Content {
  readonly layoutId: number;
  readonly values: Uint8Array;
}

/** What a snapshot held when it was looked at, and what it shall hold. */
interface Change {
  readonly row: FillRow;
  readonly from: Content;
  to: Content;
}

const PUNCTUAL = Prisma.sql`ts.snapshot`;
const LATE = Prisma.sql`ts.snapshot_late`;
/** Each ends with one part more in the snapshot, ours or another's: a scrape has some dozens. */
const ATTEMPTS = 100;

/**
 * Adds to snapshots that are there the values that they lack, with a mark of the minute: parts of one reading that came
 * apart. A value that is there is never changed, but for the time at which the counters began: each part says it of its
 * own, and the oldest holds, whichever comes first. A snapshot is changed only if it is still what it was when it was
 * looked at, and looked at anew otherwise, so that parts that come at once both get in; the change and the mark are one
 * statement.
 *
 * A sealed hour refuses the change by the constraint that refuses new rows (`ts.seal_hour`); what came late for one lies
 * apart, and is filled there.
 *
 * @returns one outcome for each row, in the order given
 * @throws what the driver throws; some rows may have been filled then, which a second time is a duplicate
 */
export async function fillSnapshots(
  db: PrismaClient,
  unions: LayoutUnions,
  rows: readonly FillRow[],
): Promise<FillOutcome[]> {
  const parts = rows.map((row): Part => ({ row, outcome: null }));
  const hours = new Map<number, Part[]>();
  for (const part of parts) {
    const hour = Math.floor(part.row.at / HOUR_MS) * HOUR_MS;
    const there = hours.get(hour);
    if (there === undefined) hours.set(hour, [part]);
    else there.push(part);
  }
  for (const [hour, own] of hours) await fillHour(db, unions, hour, own);
  return parts.map(({ outcome }) => outcome ?? "closed");
}

async function fillHour(
  db: PrismaClient,
  unions: LayoutUnions,
  hour: number,
  parts: readonly Part[],
): Promise<void> {
  try {
    await fillIn(db, PUNCTUAL, unions, hour, parts);
  } catch (error) {
    if (storeFault(error) !== "sealed") throw error;
  }
  const left = parts.filter(({ outcome }) => outcome === null);
  if (left.length === 0) return;
  await inTransaction(db, async (tx) => {
    // As appendLateSnapshots does: it keeps the merger from moving a row between the look and the change.
    await tx.$queryRaw`SELECT hour FROM ts.compacted_hour WHERE hour = ${instant(hour)} FOR SHARE`;
    await fillIn(tx, LATE, unions, hour, left);
  });
}

/** Fills the snapshots that are in this table; the other parts have no outcome. */
async function fillIn(
  db: Db,
  table: Prisma.Sql,
  unions: LayoutUnions,
  hour: number,
  parts: readonly Part[],
): Promise<void> {
  let left = parts;
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > ATTEMPTS) throw new Error(`${left.length} snapshots are changed by others again and again`);
    const there = await contentsOf(db, table, hour, left);
    const changes = new Map<string, Change>();
    const planned: { readonly part: Part; readonly key: string; readonly outcome: FillOutcome }[] = [];
    for (const part of left) {
      const { row } = part;
      const key = keyOf(row);
      const change = changes.get(key);
      const content = change?.to ?? there.get(key);
      if (content === undefined) continue;
      const union = await unions.of(content.layoutId, row.layoutId);
      const values = union === null ? null : merge(union, content.values, row.values);
      if (union === null) part.outcome = "closed";
      else if (values === null && change === undefined) part.outcome = "duplicate";
      else {
        planned.push({ part, key, outcome: values === null ? "duplicate" : "filled" });
        if (values === null) continue;
        const to = { layoutId: union.id, values };
        if (change === undefined) changes.set(key, { row, from: content, to });
        else change.to = to;
      }
    }
    const changed = await change(db, table, hour, [...changes.values()]);
    for (const { part, key, outcome } of planned) if (changed.has(key)) part.outcome = outcome;
    left = planned.flatMap(({ part, key }) => (changed.has(key) ? [] : [part]));
  }
}

/** Of those snapshots that there are, by `keyOf`. */
async function contentsOf(
  db: Db,
  table: Prisma.Sql,
  hour: number,
  parts: readonly Part[],
): Promise<ReadonlyMap<string, Content>> {
  const rows = await db.$queryRaw<
    { namespaceId: number; at: number; layoutId: number; values: Uint8Array }[]
  >`
    SELECT s.namespace_id AS "namespaceId", date_part('epoch', s.at) * 1000 AS at, s.layout_id AS "layoutId",
           s."values"
    FROM (
      SELECT DISTINCT namespace_id, at
      FROM unnest(
        ${numbers(parts.map(({ row }) => row.namespaceId))}::int[], ${numbers(parts.map(({ row }) => row.at))}::float8[]
      ) AS part(namespace_id, at)
    ) w
    JOIN ${table} s ON s.shard = w.namespace_id >> 8 AND s.namespace_id = w.namespace_id
      AND s.at = to_timestamp(w.at / 1000)::timestamptz(3)
    WHERE ${within({ from: hour, to: hour + HOUR_MS })}`;
  return new Map(
    rows.map(({ namespaceId, at, layoutId, values }) => [
      keyOf({ namespaceId, at: Math.round(at) }),
      { layoutId, values },
    ]),
  );
}

/**
 * Gives snapshots their new content where they still have the old one.
 *
 * @returns the keys of those that it was given
 */
async function change(
  db: Db,
  table: Prisma.Sql,
  hour: number,
  changes: readonly Change[],
): Promise<ReadonlySet<string>> {
  if (changes.length === 0) return new Set();
  const bytes = ({ values }: Content) => Buffer.from(values);
  const isNew = Prisma.sql`
    s.shard = new.namespace_id >> 8 AND s.namespace_id = new.namespace_id
    AND s.at = to_timestamp(new.at / 1000)::timestamptz(3) AND ${within({ from: hour, to: hour + HOUR_MS })}`;
  // Locked in one order, whatever the plan: two writers that change the same rows in different ones would deadlock.
  const rows = await db.$queryRaw<{ namespaceId: number; at: number }[]>`
    WITH new AS MATERIALIZED (
      SELECT * FROM unnest(
        ${numbers(changes.map(({ row }) => row.namespaceId))}::int[], ${numbers(changes.map(({ row }) => row.at))}::float8[],
        ${numbers(changes.map(({ from }) => from.layoutId))}::int[], ${byteStrings(changes.map(({ from }) => bytes(from)))}::bytea[],
        ${numbers(changes.map(({ to }) => to.layoutId))}::int[], ${byteStrings(changes.map(({ to }) => bytes(to)))}::bytea[]
      ) AS new(namespace_id, at, old_layout_id, old_values, layout_id, "values")
    ), locked AS MATERIALIZED (
      SELECT new.* FROM new JOIN ${table} s ON ${isNew} ORDER BY s.shard, s.namespace_id, s.at FOR UPDATE OF s
    ), changed AS (
      UPDATE ${table} s SET layout_id = new.layout_id, "values" = new."values"
      FROM locked AS new
      WHERE ${isNew} AND s.layout_id = new.old_layout_id AND s."values" = new.old_values
      RETURNING s.shard, s.namespace_id, s.at
    ), marked AS (
      INSERT INTO ts.mark (shard, minute, namespaces)
      SELECT shard, date_trunc('minute', at), array_agg(DISTINCT namespace_id) FROM changed GROUP BY 1, 2
    )
    SELECT namespace_id AS "namespaceId", date_part('epoch', at) * 1000 AS at FROM changed`;
  return new Set(rows.map(({ namespaceId, at }) => keyOf({ namespaceId, at: Math.round(at) })));
}

/**
 * The values of both in the layout of both, those that were there first, and of two starts of the counters the older; null
 * where the others add nothing.
 */
function merge(union: LayoutUnion, old: Uint8Array, more: Uint8Array): Buffer | null {
  const counts: (Count | null)[] = new Array(union.length).fill(null);
  const first = decodeValues(old, union.first.length);
  union.first.forEach((place, index) => {
    counts[place] = valueAt(first, index);
  });
  const added = decodeValues(more, union.second.length);
  let gained = false;
  union.second.forEach((place, index) => {
    const value = valueAt(added, index);
    const there = counts[place] ?? null;
    const isOlderStart = place === union.startTime && there !== null && value !== null && value < there;
    if (value === null || (there !== null && !isOlderStart)) return;
    counts[place] = value;
    gained = true;
  });
  return gained ? encodeValues(counts) : null;
}
