import type { Db } from "../client.ts";
import type { Retention } from "./policy.ts";
import { countedInHours } from "./uncounted-namespaces.ts";

/** Namespaces looked at by one statement; each costs a look into every partition of snapshots. */
const LOOKED_AT = 500;
const STATEMENTS = 20;
const DAY_MS = 24 * 3_600_000;
/** Those that have lived longer are few, and their hours many: they are not looked through. */
const SHORT_LIFE_MS = 3 * DAY_MS;

/** What a run did: namespaces found idle, deleted because no hour counts them, and deleted at the end of their time. */
export interface ExpiredNamespaces {
  readonly idle: number;
  readonly uncounted: number;
  readonly deleted: number;
}

/**
 * Deletes the namespaces of containers that have ended (docs/adr/0011-container-namespaces.md), in steps. One without
 * a snapshot is idle from then on. When its minutes have gone too, and its hours, if they are few, say nothing but 0,
 * it goes; else when it has been idle for as long as containers are kept. Roots stay as long as their hosts.
 *
 * A pass over many namespaces takes several runs; where it has come to is kept here, and a process that forgets
 * it begins again.
 */
export class NamespaceExpiry {
  readonly #db: Db;
  #lookedUpTo = 0;

  constructor(db: Db) {
    this.#db = db;
  }

  /** @param now ms since 1970 */
  async run(retention: Retention, now: number): Promise<ExpiredNamespaces> {
    return {
      idle: await this.#findIdle(retention, now),
      uncounted: await this.#deleteUncounted(retention, now),
      deleted: await this.#deleteIdle(retention, now),
    };
  }

  async #findIdle(retention: Retention, now: number): Promise<number> {
    let idle = 0;
    // One that is younger than any snapshot that has been dropped is not asked for.
    const before = new Date(now - retention.rawMs);
    for (let statement = 0; statement < STATEMENTS; statement++) {
      const rows = await this.#db.$queryRaw<{ id: number }[]>`
        SELECT id FROM namespace
        WHERE kind <> 'ROOT' AND idle_since IS NULL AND first_seen < ${before} AND id > ${this.#lookedUpTo}
        ORDER BY id LIMIT ${LOOKED_AT}`;
      const gone = await withoutSnapshots(
        this.#db,
        rows.map(({ id }) => id),
      );
      if (gone.length > 0) {
        await this.#db.namespace.updateMany({
          where: { id: { in: gone } },
          data: { idleSince: new Date(now), counted: null },
        });
      }
      idle += gone.length;
      this.#lookedUpTo = rows.at(-1)?.id ?? 0;
      if (rows.length < LOOKED_AT) {
        this.#lookedUpTo = 0;
        break;
      }
    }
    return idle;
  }

  async #deleteUncounted({ rawMs, minuteMs }: Retention, now: number): Promise<number> {
    let deleted = 0;
    let after = 0;
    // Its last snapshot had gone when it was found idle; its last minute goes with its partition, of a day.
    const before = new Date(now - Math.max(0, minuteMs - rawMs) - DAY_MS);
    for (let statement = 0; statement < STATEMENTS; statement++) {
      const rows = await this.#db.$queryRaw<{ id: number; first: number; idle: number }[]>`
        SELECT n.id, date_part('epoch', n.first_seen) * 1000 AS first, date_part('epoch', n.idle_since) * 1000 AS idle
        FROM namespace n
        WHERE n.idle_since < ${before} AND n.counted IS NULL AND n.id > ${after}
          AND n.idle_since < n.first_seen + ${(rawMs + SHORT_LIFE_MS) / 1000} * interval '1 second'
          AND NOT EXISTS (SELECT FROM listener l WHERE l.namespace_id = n.id)
        ORDER BY n.id LIMIT ${LOOKED_AT}`;
      after = rows.at(-1)?.id ?? 0;
      const gone = await withoutSnapshots(
        this.#db,
        rows.map(({ id }) => id),
      );
      const counted = await countedInHours(
        this.#db,
        // What it sent first may be as old as what is taken in.
        rows.map(({ id, first, idle }) => ({ id, from: first - rawMs, to: idle })),
      );
      const withCount = rows.filter(({ id }) => counted.get(id) === true).map(({ id }) => id);
      if (withCount.length > 0) {
        await this.#db.namespace.updateMany({ where: { id: { in: withCount } }, data: { counted: true } });
      }
      const ids = gone.filter((id) => counted.get(id) === false);
      if (ids.length > 0) {
        deleted += (await this.#db.namespace.deleteMany({ where: { id: { in: ids } } })).count;
      }
      if (rows.length < LOOKED_AT) break;
    }
    return deleted;
  }

  async #deleteIdle(retention: Retention, now: number): Promise<number> {
    let deleted = 0;
    const before = new Date(now - (retention.containerMs ?? retention.hourMs));
    for (let statement = 0; statement < STATEMENTS; statement++) {
      const rows = await this.#db.namespace.findMany({
        where: { idleSince: { lt: before } },
        orderBy: { id: "asc" },
        take: LOOKED_AT,
        select: { id: true },
      });
      const ids = rows.map(({ id }) => id);
      const gone = await withoutSnapshots(this.#db, ids);
      const back = ids.filter((id) => !gone.includes(id));
      // An agent that was away for long has come back to it.
      if (back.length > 0) {
        await this.#db.namespace.updateMany({
          where: { id: { in: back } },
          data: { idleSince: null, counted: null },
        });
      }
      if (gone.length > 0) {
        deleted += (await this.#db.namespace.deleteMany({ where: { id: { in: gone } } })).count;
      }
      if (rows.length < LOOKED_AT) break;
    }
    return deleted;
  }
}

/** Those of the namespaces of which there is no snapshot, in any of its forms. */
export async function withoutSnapshots(db: Db, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return [];
  // In order of time, so that each look is one down the key of a partition: in no order, the server may take a
  // scan of it all for the shorter way to a first row, and there is none.
  const rows = await db.$queryRaw<{ id: number }[]>`
    SELECT wanted.id FROM unnest(${[...ids]}::int[]) AS wanted(id)
    WHERE (SELECT s.epoch_id FROM ts.snapshot s
           WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id ORDER BY s.at LIMIT 1) IS NULL
      AND (SELECT s.snapshots FROM ts.snapshot_hour s
           WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id ORDER BY s.hour LIMIT 1) IS NULL
      AND (SELECT s.epoch_id FROM ts.snapshot_late s
           WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id ORDER BY s.at LIMIT 1) IS NULL`;
  return rows.map(({ id }) => id);
}
