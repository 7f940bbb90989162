/**
 * Prisma's schema engine as WebAssembly: compares schema files without the native engine that the Prisma
 * CLI would download. It asks the server for its version and compares files; it changes nothing there.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";

export const SCHEMA_PATH = join(dirname(dirname(fileURLToPath(import.meta.url))), "prisma", "schema.prisma");

/** As much of WebAssembly as is used here: its types belong to the browser's library, which a service has no use for. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/**
 * The SQL that turns what one schema.prisma says into what another says; empty when they agree.
 *
 * @param url any Postgres of the version aimed at
 * @param from text of the older schema, null for an empty database
 */
export async function diffSchemas(url: string, from: string | null, to: string): Promise<string> {
  engineModule ??= loadEngine();
  await engineModule;
  const engine = await glue.SchemaEngine.new(
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

/** The glue keeps the module that it was given for good, so it is given one only. */
let engineModule: Promise<void> | null = null;

async function loadEngine(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
  const { instance } = await WebAssembly.instantiate(
    await readFile(join(dirname(entry), "schema_engine_bg.wasm")),
    { "./schema_engine_bg.js": glue },
  );
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}
