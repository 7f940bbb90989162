/** A database that may lose what it has acknowledged: agents have deleted that by then. */
import { expect } from "vitest";
import { test } from "../support/postgres.ts";
import { startService } from "../support/service.ts";

test("a database that may lose what was acknowledged is refused at start, with what to do", async ({
  databaseUrl,
}) => {
  // The tests' own Postgres is one, and every other test says that this is wanted.
  const env = { SPILLWAY_UNSAFE_DATABASE: "0" };
  await expect(startService({ databaseUrl, env })).rejects.toThrow(
    /fsync = off.*Set fsync = on in postgresql.conf.*SPILLWAY_UNSAFE_DATABASE=1/,
  );
});
