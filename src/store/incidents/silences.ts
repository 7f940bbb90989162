import type { Prisma, Silence as SilenceRow } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { LabelMatcher } from "../host-filter.ts";

export const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A stretch of local days that comes back. */
export interface RecurringWindow {
  /** On which it begins; all of them when it does each day. */
  readonly days: readonly Weekday[];
  /** Minutes after local midnight, 0 to 1439; when `to` is not later than `from`, it ends on the next day. */
  readonly from: number;
  readonly to: number;
  /** By its IANA name. */
  readonly zone: string;
}

/** What holds back the notifications of incidents that all of its matchers meet. Times in ms since 1970. */
export interface SilenceRecord {
  readonly id: number;
  readonly matchers: readonly LabelMatcher[];
  readonly from: number;
  /** Null for a recurring one without an end. */
  readonly until: number | null;
  /** When it holds between `from` and `until`; null for all the time. */
  readonly window: RecurringWindow | null;
  /** Hosts with labels that match are under maintenance while it holds: no incident of them is opened. */
  readonly maintenance: boolean;
  readonly comment: string;
  readonly createdBy: string;
  readonly createdAt: number;
  /** When a person ended it ahead of time; null unless one did. */
  readonly expiredAt: number | null;
}

export type NewSilence = Omit<SilenceRecord, "id" | "expiredAt">;

export async function insertSilence(tx: Db, silence: NewSilence): Promise<SilenceRecord> {
  const { from, until, window, createdAt, matchers, ...texts } = silence;
  const row = await tx.silence.create({
    data: {
      ...texts,
      matchers: matchers.map(({ name, op, value }) => ({ name, op, value })),
      from: new Date(from),
      until: until === null ? null : new Date(until),
      ...(window === null
        ? {}
        : { window: { ...window, days: [...window.days] } satisfies Prisma.InputJsonObject }),
      createdAt: new Date(createdAt),
    },
  });
  return toSilence(row);
}

/** Ends a silence unless it has been ended. @returns null when it has, or there is none */
export async function markExpired(tx: Db, id: number, now: number): Promise<SilenceRecord | null> {
  const [row] = await tx.silence.updateManyAndReturn({
    where: { id, expiredAt: null },
    data: { expiredAt: new Date(now) },
  });
  return row === undefined ? null : toSilence(row);
}

/** Those that nobody has ended and whose time is not over, in the order in which they were made. */
export async function openSilences(db: Db, now: number): Promise<SilenceRecord[]> {
  const rows = await db.silence.findMany({
    where: { expiredAt: null, OR: [{ until: null }, { until: { gt: new Date(now) } }] },
    orderBy: { id: "asc" },
  });
  return rows.map(toSilence);
}

/** Those of maintenance that may hold within `from <= time < to`, ended or not. */
export async function maintenanceSilences(
  db: Db,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<SilenceRecord[]> {
  const start = new Date(from);
  const rows = await db.silence.findMany({
    where: {
      maintenance: true,
      from: { lt: new Date(to) },
      AND: [
        { OR: [{ until: null }, { until: { gt: start } }] },
        { OR: [{ expiredAt: null }, { expiredAt: { gt: start } }] },
      ],
    },
    orderBy: { id: "asc" },
  });
  return rows.map(toSilence);
}

/** Those that have ended, the newest first. */
export async function endedSilences(db: Db, now: number, limit: number): Promise<SilenceRecord[]> {
  const rows = await db.silence.findMany({
    where: { OR: [{ expiredAt: { not: null } }, { until: { lte: new Date(now) } }] },
    orderBy: { id: "desc" },
    take: limit,
  });
  return rows.map(toSilence);
}

/** Silences by their ids, in no order; those that there are. */
export async function silencesById(db: Db, ids: readonly number[]): Promise<SilenceRecord[]> {
  return (await db.silence.findMany({ where: { id: { in: [...ids] } } })).map(toSilence);
}

function toSilence(row: SilenceRow): SilenceRecord {
  return {
    ...row,
    matchers: row.matchers as unknown as LabelMatcher[],
    window: row.window as RecurringWindow | null,
    from: row.from.getTime(),
    until: row.until?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
    expiredAt: row.expiredAt?.getTime() ?? null,
  };
}
