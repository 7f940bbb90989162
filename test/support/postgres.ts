/** Tests against a real Postgres: each has a migrated database of its own. */
import { test as base, inject } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "./databases.ts";

/** A database without any table, for tests of the migrations; the caller drops it. */
export async function emptyDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const server = inject("postgresUrl");
  const name = await createDatabase(server, "template1");
  return { url: databaseUrlOf(server, name), drop: () => dropDatabase(server, name) };
}

/** `databaseUrl` is a clone of the migrated template, dropped when the test has passed. */
export const test = base.extend<{ databaseUrl: string }>({
  databaseUrl: async ({ task }, use) => {
    const server = inject("postgresUrl");
    const name = await createDatabase(server);
    await use(databaseUrlOf(server, name));
    if (task.result?.state === "fail")
      console.error(`kept the database ${name} of the failed test "${task.name}"`);
    else await dropDatabase(server, name);
  },
});
