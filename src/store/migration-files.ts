/** The migrations that this version of the service brings: prisma/migrations/<name>/migration.sql. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SpillwayError } from "../errors.ts";

/** src/ and dist/ lie beside prisma/, so this holds before and after the build. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/**
 * First line of a file that runs outside a transaction, for CREATE INDEX CONCURRENTLY and its like. Such a
 * file holds one statement, written IF NOT EXISTS: it runs again when the run before was cut short.
 */
const NO_TRANSACTION = /^-- spillway: no-transaction[ \t]*(?:\r?\n|$)/;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file in hex, as Prisma keeps it. */
  readonly checksum: string;
  readonly inTransaction: boolean;
}

/** In the order in which they are applied: by name, as Prisma does. */
export async function readMigrations(folder: string = MIGRATIONS_FOLDER): Promise<Migration[]> {
  return Promise.all((await migrationNames(folder)).map((name) => readMigration(folder, name)));
}

export async function migrationNames(folder: string = MIGRATIONS_FOLDER): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw new SpillwayError("CONFIGURATION", `cannot read the migrations in ${folder}: reinstall Spillway`, {
      cause,
    });
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const file = join(folder, name, "migration.sql");
  const bytes = await readFile(file).catch((cause) => {
    throw new SpillwayError("CONFIGURATION", `cannot read the migration ${file}: reinstall Spillway`, {
      cause,
    });
  });
  const sql = bytes.toString("utf8");
  return {
    name,
    sql,
    checksum: createHash("sha256").update(bytes).digest("hex"),
    inTransaction: !NO_TRANSACTION.test(sql),
  };
}
