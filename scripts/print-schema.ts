/**
 * Prints the GraphQL schema to src/graphql/schema.graphql, which is committed: readers and clients need no code to
 * see it. With `--release` also to released.graphql, which later schemas may not break.
 */
import { writeFileSync } from "node:fs";
import { printSchema } from "graphql";
import { schema } from "../src/graphql/schema.ts";

const names = process.argv.includes("--release") ? ["schema", "released"] : ["schema"];
for (const name of names) {
  writeFileSync(new URL(`../src/graphql/${name}.graphql`, import.meta.url), `${printSchema(schema)}\n`);
}
