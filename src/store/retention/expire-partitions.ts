import type { Db, PrismaClient } from "../client.ts";
import { storeFault } from "../errors.ts";
import { ALL_NAMESPACES } from "../rollup/set-aside.ts";
import { dropPartition } from "./drop-partition.ts";
import { listPartitions, type StoredPartition } from "./partition-list.ts";
import { type Retention, retentionOf, stillRead, type Unfinished } from "./policy.ts";

/** A partition past its retention that stays for now. */
export interface Waiting {
  readonly partition: StoredPartition;
  /** `unfinished`: rollups still need it; `locked`: readers did not let go. */
  readonly reason: "unfinished" | "locked";
}

export interface ExpiredPartitions {
  readonly dropped: readonly StoredPartition[];
  readonly waiting: readonly Waiting[];
  /** What others failed with, as somebody's view on one does; they are tried again with the next run. */
  readonly faults: readonly unknown[];
}

/**
 * Drops the partitions of which all is past its retention, oldest first. Killed at any point it has dropped some
 * of them, and the next run drops the others.
 *
 * @param now ms since 1970
 */
export async function expirePartitions(
  db: PrismaClient,
  retention: Retention,
  now: number,
): Promise<ExpiredPartitions> {
  const dropped: StoredPartition[] = [];
  const waiting: Waiting[] = [];
  const faults: unknown[] = [];
  const expired = (await listPartitions(db)).filter(
    ({ table, upper }) => upper <= now - retentionOf(table, retention),
  );
  if (expired.length === 0) return { dropped, waiting, faults };
  // No process takes in snapshots as old as what is dropped here, so no mark can come between.
  const unfinished = await readUnfinished(db);
  const held = new Set<string>();
  for (const partition of expired) {
    const { table, name, upper } = partition;
    if (stillRead(table, upper, unfinished)) {
      waiting.push({ partition, reason: "unfinished" });
      continue;
    }
    // A table that was not let go of once is left alone until the next run.
    if (held.has(table)) continue;
    const outcome = await dropPartition(db, name).catch((error: unknown) => {
      if (storeFault(error) === "unavailable") throw error;
      faults.push(error);
      return "failed" as const;
    });
    if (outcome === "failed") continue;
    if (outcome === "dropped") dropped.push(partition);
    else if (outcome === "busy") break;
    else {
      waiting.push({ partition, reason: "locked" });
      held.add(table);
    }
  }
  return { dropped, waiting, faults };
}

async function readUnfinished(db: Db): Promise<Unfinished> {
  const [row] = await db.$queryRaw<Unfinished[]>`
    SELECT (SELECT date_part('epoch', min(minute)) * 1000 FROM ts.mark) AS minute,
           -- What is set aside may never be made: it holds nothing back.
           (SELECT date_part('epoch', min(m.hour)) * 1000 FROM ts.hour_mark m
            WHERE NOT EXISTS (SELECT FROM ts.set_aside a WHERE a.shard = m.shard
                              AND a.namespace_id = ${ALL_NAMESPACES} AND a.hour = m.hour)) AS hour`;
  return row ?? { minute: null, hour: null };
}
