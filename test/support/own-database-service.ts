/** The built service on a database of its own, which comes and goes with it: for a file of tests, or a single test. */
import { aroundAll, inject } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "./databases.ts";
import { type Service, type ServiceOptions, startService } from "./service.ts";

export interface OwnDatabaseService extends Service {
  readonly databaseUrl: string;
  /** Stops it, unless it has ended already, and drops its database. */
  close(): Promise<void>;
}

type Options = Omit<ServiceOptions, "databaseUrl">;

/** Starts the service on a clone of the migrated template; the caller closes it. A start that fails leaves nothing. */
export async function startOnOwnDatabase(options: Options = {}): Promise<OwnDatabaseService> {
  const server = inject("postgresUrl");
  const database = await createDatabase(server);
  const databaseUrl = databaseUrlOf(server, database);
  const drop = () => dropDatabase(server, database);
  const service = await startService({ ...options, databaseUrl }).catch(async (error: unknown) => {
    await drop();
    throw error;
  });
  const close = async () => {
    await service.stop();
    await drop();
  };
  return { ...service, databaseUrl, close };
}

/**
 * One service for the tests of a file, or of the `describe` that calls this. It is started before their own hooks
 * and closed after them, whichever of them fail.
 *
 * What is returned is filled in by the start: what runs while the tests are collected cannot read it yet.
 */
export function suiteService(options: Options = {}): OwnDatabaseService {
  const service = {} as OwnDatabaseService;
  aroundAll(async (runSuite) => {
    const started = await startOnOwnDatabase(options);
    try {
      Object.assign(service, started);
      await runSuite();
    } finally {
      await started.close();
    }
  });
  return service;
}
