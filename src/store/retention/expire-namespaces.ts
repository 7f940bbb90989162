import type { Db } from "../client.ts";
import type { Retention } from "./policy.ts";

/** Namespaces looked at by one statement; each costs a look into every partition of snapshots. */
const LOOKED_AT = 500;
const STATEMENTS = 20;

/**
 * Deletes the namespaces of containers of which nothing is left in any resolution, in two steps: one without a
 * snapshot is idle from then on, and when it has been idle for as long as hours are kept, it goes. Roots stay as
 * long as their hosts.
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

  /**
   * @param now ms since 1970
   * @returns how many were found idle, and how many were deleted
   */
  async run(retention: Retention, now: number): Promise<{ readonly idle: number; readonly deleted: number }> {
    return { idle: await this.#findIdle(retention, now), deleted: await this.#deleteIdle(retention, now) };
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
          data: { idleSince: new Date(now) },
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

  async #deleteIdle(retention: Retention, now: number): Promise<number> {
    let deleted = 0;
    const before = new Date(now - retention.hourMs);
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
        await this.#db.namespace.updateMany({ where: { id: { in: back } }, data: { idleSince: null } });
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
