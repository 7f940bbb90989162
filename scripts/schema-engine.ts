/**
 * Compares schema files by Prisma's schema engine. It asks the server for its version and compares files; it
 * changes nothing there.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { loadSchemaEngine } from "./load-schema-engine.ts";

export const SCHEMA_PATH = join(dirname(dirname(fileURLToPath(import.meta.url))), "prisma", "schema.prisma");

/**
 * The SQL that turns what one schema.prisma says into what another says; empty when they agree.
 *
 * @param url any Postgres of the version aimed at
 * @param from text of the older schema, null for an empty database
 */
export async function diffSchemas(url: string, from: string | null, to: string): Promise<string> {
  const SchemaEngine = await loadSchemaEngine();
  const engine = await SchemaEngine.new(
    { datamodels: [[SCHEMA_PATH, to]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(new PrismaPg(url)),
  );
  const result = await engine.diff({
    from:
      from === null
        ? { tag: "empty" }
        : { tag: "schemaDatamodel", files: [{ path: SCHEMA_PATH, content: from }] },
    to: { tag: "schemaDatamodel", files: [{ path: SCHEMA_PATH, content: to }] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  const script = (result.stdout ?? "").trim();
  return script === "-- This is an empty migration." ? "" : script;
}
