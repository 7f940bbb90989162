/** What Prisma's own schema engine says of a database and a folder of migrations, and does to them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { loadSchemaEngine } from "../../scripts/load-schema-engine.ts";

export interface Diagnosis {
  readonly editedMigrationNames: readonly string[];
  readonly failedMigrationNames: readonly string[];
  readonly hasMigrationsTable: boolean;
  /** Null when the folder and the database are in step. */
  readonly history: object | null;
}

export interface PrismaEngine {
  /** What `prisma migrate status` reports. */
  diagnose(): Promise<Diagnosis>;
  /** What `prisma migrate deploy` does. */
  deploy(): Promise<{ readonly appliedMigrationNames: readonly string[] }>;
}

/** Prisma's schema engine as WebAssembly: nothing is downloaded. */
export async function prismaEngine(url: string, folder: string): Promise<PrismaEngine> {
  const SchemaEngine = await loadSchemaEngine();
  const datasource = 'datasource db {\n  provider = "postgresql"\n}\n';
  const engine = await SchemaEngine.new(
    { datamodels: [["schema.prisma", datasource]] },
    () => undefined,
    // The engine keeps its migration lock until the pool closes the idle session.
    bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url, idleTimeoutMillis: 20 })),
  );
  const names = (await readdir(folder)).filter((name) => !name.endsWith(".toml")).sort();
  const migrationDirectories = await Promise.all(
    names.map(async (path) => ({
      path,
      migrationFile: {
        path: "migration.sql",
        content: { tag: "ok" as const, value: await readFile(join(folder, path, "migration.sql"), "utf8") },
      },
    })),
  );
  const lockfile = { path: "migration_lock.toml", content: 'provider = "postgresql"\n' };
  const migrationsList = { baseDir: folder, lockfile, shadowDbInitScript: "", migrationDirectories };
  const filters = { externalTables: [], externalEnums: [] };
  return {
    diagnose: () =>
      engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters }),
    deploy: () => engine.applyMigrations({ migrationsList, filters }),
  };
}
