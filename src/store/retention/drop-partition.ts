import { setTimeout as pause } from "node:timers/promises";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { inTransaction } from "../client.ts";
import { sqlState } from "../errors.ts";

/** First key of the advisory lock of who drops partitions, one at a time; rollup workers and stagers have others. */
const LOCK_CLASS = 0x5350_0003;
/**
 * A DROP waits for whoever reads any part of the table, and everyone who comes after it waits behind it, pushes
 * too. So it waits for a moment only, leaves, lets them through and comes again.
 */
const LOCK_TIMEOUT_MS = 150;
const ATTEMPTS = 5;
const PAUSE_MS = 300;

/** `locked`: readers did not let go; `busy`: another process is dropping partitions. */
export type DropOutcome = "dropped" | "locked" | "busy";

/**
 * Drops a partition, by its name in the schema "ts". One that is gone already is as good as dropped. A process
 * that dies meanwhile leaves it as it was: it is one transaction.
 */
export async function dropPartition(db: PrismaClient, name: string): Promise<DropOutcome> {
  if (!/^[a-z_]+_\d{10}$/.test(name)) throw new Error(`"${name}" is not the name of a partition`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, async (tx) => {
        const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}::int, 0) AS taken,
                 set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`;
        if (lock?.taken !== true) return "busy";
        await tx.$executeRaw`DROP TABLE IF EXISTS ts.${Prisma.raw(`"${name}"`)}`;
        return "dropped";
      });
    } catch (error) {
      // 55P03: lock_not_available; 40P01: deadlock_detected.
      const state = sqlState(error);
      if (state !== "55P03" && state !== "40P01") throw error;
      if (attempt === ATTEMPTS) return "locked";
      // Longer than it waited, so that those behind it are through before it comes again.
      await pause(PAUSE_MS * (1 + Math.random()));
    }
  }
}
