/**
 * Prints the SQL from an older schema.prisma (a file named as the argument, or nothing) to the present one:
 * the raw material of a migration, to be read and completed by hand.
 *
 *     export DATABASE_URL=...   # any Postgres of the version aimed at; nothing is changed there
 *     git show HEAD:prisma/schema.prisma > /tmp/old.prisma && npm run migration:diff -- /tmp/old.prisma
 */
import { readFile } from "node:fs/promises";
import { diffSchemas, SCHEMA_PATH } from "./schema-engine.ts";

const url = process.env.DATABASE_URL;
if (url === undefined)
  throw new Error("set DATABASE_URL to any Postgres: the engine asks it for its version");
const older = process.argv[2];
const from = older === undefined ? null : await readFile(older, "utf8");
process.stdout.write(`${await diffSchemas(url, from, await readFile(SCHEMA_PATH, "utf8"))}\n`);
