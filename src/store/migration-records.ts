/** What a database says of itself in `_prisma_migrations`, Prisma's own table, in Prisma's own format. */
import type { Client } from "pg";
import { SpillwayError } from "../errors.ts";
import type { Migration } from "./migration-files.ts";

/** A row that was not rolled back. */
export interface Recorded {
  readonly id: string;
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/** As Prisma creates it. */
export async function createRecords(client: Client): Promise<void> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS _prisma_migrations (
      id                  VARCHAR(36) PRIMARY KEY NOT NULL,
      checksum            VARCHAR(64) NOT NULL,
      finished_at         TIMESTAMPTZ,
      migration_name      VARCHAR(255) NOT NULL,
      logs                TEXT,
      rolled_back_at      TIMESTAMPTZ,
      started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
      applied_steps_count INTEGER NOT NULL DEFAULT 0
    )`);
}

export async function readRecords(client: Client): Promise<Recorded[]> {
  const { rows } = await client.query<Recorded>(
    `SELECT id, migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations
      WHERE rolled_back_at IS NULL
      ORDER BY started_at, migration_name`,
  );
  return rows;
}

export async function insertStarted(client: Client, id: string, migration: Migration): Promise<void> {
  await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    migration.checksum,
    migration.name,
  ]);
}

export async function markFinished(client: Client, id: string, migration: Migration): Promise<void> {
  await client.query(
    `UPDATE _prisma_migrations
        SET finished_at = clock_timestamp(), applied_steps_count = 1, checksum = $2
      WHERE id = $1`,
    [id, migration.checksum],
  );
}

/** Before anything is changed: the database must be one from which these migrations can go on. */
export function refuseUnlessOurs(migrations: readonly Migration[], records: readonly Recorded[]): void {
  for (const { name, checksum, finished } of records) {
    const migration = migrations.find((one) => one.name === name);
    if (migration === undefined && finished) {
      throw refused(
        `it has the migration ${name}, which this version does not know, so a newer Spillway has migrated it: ` +
          "start that version, or restore a backup from before",
      );
    }
    // Our own files outside a transaction are begun again, mended by a new version perhaps.
    if (!finished && migration?.inTransaction === false) continue;
    if (!finished) {
      throw refused(
        `the migration ${name} was begun by \`prisma migrate\` and did not finish: put the database in order, ` +
          `then say so with \`prisma migrate resolve --rolled-back ${name}\` or \`--applied ${name}\``,
      );
    }
    if (migration?.checksum !== checksum) {
      throw refused(
        `the file of the migration ${name} was changed after it was applied: put the file back as it was (a ` +
          "change of the schema is a new migration)",
      );
    }
  }
}

function refused(why: string): SpillwayError {
  return new SpillwayError("CONFIGURATION", `cannot migrate the database: ${why}`);
}
