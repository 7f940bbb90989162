/** Prints the GraphQL schema to src/graphql/schema.graphql, which is committed: readers and clients need no code to see it. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { printSchema } from "graphql";
import { schema } from "../src/graphql/schema.ts";

writeFileSync(
  fileURLToPath(new URL("../src/graphql/schema.graphql", import.meta.url)),
  `${printSchema(schema)}\n`,
);
