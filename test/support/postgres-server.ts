/**
 * One Postgres for a run of tests, and in it a migrated template that every test clones (postgres.ts).
 *
 * The server is the embedded one without its safety against power cuts. Each Vitest project that names this
 * file has a server of its own: half a second, and nothing to share.
 *
 * A failed test keeps its database while the server runs, as it does in watch mode. SPILLWAY_TEST_KEEP=1
 * keeps the cluster's folder after the run as well.
 */
import { rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../src/embedded/embedded-postgres.ts";
import { removeLeftovers, temporaryName } from "../../src/embedded/leftovers.ts";
import { migrate } from "../../src/store/migrate.ts";
import { asAdmin, databaseUrlOf, TEMPLATE } from "./databases.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's connection to the run's server. */
    postgresUrl: string;
  }
}

const log = {
  info: () => undefined,
  // What tests provoke on purpose is written here too; it is kept out of the report of a run that passes.
  warn: (...lines: unknown[]) => {
    if (process.env.SPILLWAY_TEST_KEEP === "1") console.warn(...lines);
  },
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folders = join(tmpdir(), "spillway-test");
  // Of runs that were killed. A server among them ends by itself when it finds its files gone.
  await removeLeftovers(folders);
  const dataDir = await temporaryName(folders);
  const server = await startEmbeddedPostgres({ dataDir, log, durable: false });
  const teardown = async () => {
    await server.stop();
    if (process.env.SPILLWAY_TEST_KEEP === "1") {
      const kept = `${folders}-kept-${Date.now()}`;
      await rename(dataDir, kept);
      console.error(`kept the cluster of the tests in ${kept}`);
    } else await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await asAdmin(server.url, (admin) => admin.query(`CREATE DATABASE ${TEMPLATE}`));
    await migrate({ url: databaseUrlOf(server.url, TEMPLATE), log });
    // Nobody may connect from here on: a template in use cannot be cloned.
    await asAdmin(server.url, (admin) => admin.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`));
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide("postgresUrl", server.url);
  return teardown;
}
