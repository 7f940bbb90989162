/** A Postgres of a test's own, that it may stop in the middle of something and start again. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/embedded/embedded-postgres.ts";
import { temporaryName } from "../../src/embedded/leftovers.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openTestStore } from "./open-store.ts";

const log = { info: () => undefined, warn: () => undefined };

export interface RestartablePostgres {
  /** The same after each start. */
  readonly url: string;
  /** A client for as long as it is used. */
  with<T>(use: (db: PrismaClient) => Promise<T>): Promise<T>;
  /** Stops it, waits, and starts it. */
  restart(between: () => Promise<unknown>): Promise<void>;
  remove(): Promise<void>;
}

/** Starts it, with a migrated database. */
export async function startRestartablePostgres(): Promise<RestartablePostgres> {
  const dataDir = await temporaryName(join(tmpdir(), "spillway-restarted"));
  const start = () => startEmbeddedPostgres({ dataDir, log, durable: false });
  let server = await start();
  const { url } = server;
  await migrate({ url, log });
  return {
    url,
    with: async (use) => {
      const { db, close } = openTestStore(url);
      try {
        return await use(db);
      } finally {
        await close();
      }
    },
    restart: async (between) => {
      await server.stop();
      await between();
      server = await start();
    },
    remove: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
