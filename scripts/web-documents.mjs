/**
 * Writes web/dashboard/generated/documents.ts: every query of the dashboard's *.graphql files, typed by the
 * committed schema. Run before its types are checked and before it is built; not committed.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codegen } from "@graphql-codegen/core";
import * as typedDocuments from "@graphql-codegen/typed-document-node";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const dashboard = fileURLToPath(new URL("../web/dashboard", import.meta.url));
const schemaFile = fileURLToPath(new URL("../src/graphql/schema.graphql", import.meta.url));
const folder = join(dashboard, "generated");

const documents = readdirSync(dashboard, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => ({
    location: name,
    document: parse(readFileSync(join(dashboard, name), "utf8"), { noLocation: true }),
  }));

const code = await codegen({
  filename: "documents.ts",
  schema: parse(readFileSync(schemaFile, "utf8"), { noLocation: true }),
  documents,
  config: {
    useTypeImports: true,
    immutableTypes: true,
    enumType: "string-literal",
    strictScalars: true,
    dedupeFragments: true,
    scalars: {
      DateTime: "string",
      Duration: "string",
      JSON: "Readonly<Record<string, unknown>>",
      Labels: "Readonly<Record<string, string>>",
      UInt64: "string",
    },
  },
  pluginMap: { operations, typedDocuments },
  plugins: [{ operations: {} }, { typedDocuments: {} }],
});
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "documents.ts"), code);
