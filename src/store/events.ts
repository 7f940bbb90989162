import type { Event } from "../generated/prisma/client.ts";
import type { Db } from "./client.ts";
import type { LabelMatcher } from "./host-filter.ts";

/** Something that happened and was recorded; times in ms since 1970. */
export interface EventRecord {
  readonly id: number;
  /** An upper-case word. */
  readonly kind: string;
  readonly title: string;
  readonly at: number;
  /** Null for what has no duration. */
  readonly until: number | null;
  /** Whom it concerns, by the labels that hosts had then; empty for everybody. */
  readonly matchers: readonly LabelMatcher[];
  readonly url: string | null;
  readonly createdBy: string;
}

export type NewEvent = Omit<EventRecord, "id">;

export async function insertEvent(db: Db, { at, until, matchers, ...event }: NewEvent): Promise<EventRecord> {
  const row = await db.event.create({
    data: {
      ...event,
      at: new Date(at),
      until: until === null ? null : new Date(until),
      matchers: matchers.map(({ name, op, value }) => ({ name, op, value })),
    },
  });
  return recordOf(row);
}

export interface EventQuery {
  /** What touches `from <= time < to`. */
  readonly range: { readonly from: number; readonly to: number };
  /** Null for all. */
  readonly kinds: readonly string[] | null;
  readonly limit: number;
}

/** The newest events of a range, the newest first. */
export async function readEvents(db: Db, { range, kinds, limit }: EventQuery): Promise<EventRecord[]> {
  const from = new Date(range.from);
  const rows = await db.event.findMany({
    where: {
      at: { lt: new Date(range.to) },
      OR: [{ until: { gte: from } }, { until: null, at: { gte: from } }],
      ...(kinds === null ? {} : { kind: { in: [...kinds] } }),
    },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: limit,
  });
  return rows.map(recordOf);
}

/** Null when there is none. */
export async function findEvent(db: Db, id: number): Promise<EventRecord | null> {
  const row = await db.event.findUnique({ where: { id } });
  return row === null ? null : recordOf(row);
}

function recordOf({ createdAt: _, at, until, matchers, ...row }: Event): EventRecord {
  return {
    ...row,
    at: at.getTime(),
    until: until?.getTime() ?? null,
    matchers: matchers as unknown as LabelMatcher[],
  };
}

/** A boot of a host that was not the first one known of it, as its first snapshot told. */
export interface Reboot {
  /** Of the boot's first epoch. */
  readonly epochId: number;
  readonly hostId: number;
  /** When the service first heard of the boot, ms since 1970. */
  readonly at: number;
}

interface RebootQuery {
  readonly range: EventQuery["range"];
  /** Null for all. */
  readonly hostIds: readonly number[] | null;
  readonly limit: number;
}

/** The newest reboots of a range, the newest first. */
export async function readReboots(db: Db, { range, hostIds, limit }: RebootQuery): Promise<Reboot[]> {
  const rows = await db.$queryRaw<Reboot[]>`
    SELECT e.id AS "epochId", e.host_id AS "hostId", date_part('epoch', e.seen_at) * 1000 AS at
    FROM epoch e
    WHERE e.seen_at >= to_timestamp(${range.from / 1000}::float8)
      AND e.seen_at < to_timestamp(${range.to / 1000}::float8)
      AND (${hostIds === null}::boolean OR e.host_id = ANY(${[...(hostIds ?? [])]}::int[]))
      AND NOT EXISTS (SELECT FROM epoch o
                      WHERE o.host_id = e.host_id AND o.boot_id = e.boot_id AND o.id < e.id)
      AND EXISTS (SELECT FROM epoch o
                  WHERE o.host_id = e.host_id AND o.boot_id <> e.boot_id AND o.id < e.id)
    ORDER BY e.seen_at DESC, e.id DESC LIMIT ${limit}`;
  return rows.map((row) => ({ ...row, at: Math.round(row.at) }));
}
