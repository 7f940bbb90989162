/** Prisma's schema engine as WebAssembly, without the native one that the Prisma CLI would download. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";

/** As much of WebAssembly as is used here: its types belong to the browser's library, which a service has no use for. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** Once: the glue holds one instance, and a second would pull the memory from under the first. */
let loaded: Promise<void> | null = null;

export async function loadSchemaEngine(): Promise<typeof glue.SchemaEngine> {
  loaded ??= load();
  await loaded;
  return glue.SchemaEngine;
}

async function load(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
  const { instance } = await WebAssembly.instantiate(
    await readFile(join(dirname(entry), "schema_engine_bg.wasm")),
    { "./schema_engine_bg.js": glue },
  );
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}
