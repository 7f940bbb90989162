/** What Prisma's own schema engine says of a database and a folder of migrations, and does to them. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";

/** As much of WebAssembly as is used here; the compiler knows it from the browser's library only. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** Once: the glue holds one instance, and a second would pull the memory from under the first. */
let loaded: Promise<void> | undefined;

async function load(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
  const { instance } = await WebAssembly.instantiate(
    await readFile(join(dirname(entry), "schema_engine_bg.wasm")),
    { "./schema_engine_bg.js": glue },
  );
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

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
  loaded ??= load();
  await loaded;
  const datasource = 'datasource db {\n  provider = "postgresql"\n}\n';
  const engine = await glue.SchemaEngine.new(
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
