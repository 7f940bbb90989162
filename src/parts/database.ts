import { explainDatabase } from "../commands/database.ts";
import { makeDemoFolder, writeDemoHistory } from "../commands/demo.ts";
import { ensureTokenFiles, type TokenFiles } from "../commands/token-files.ts";
import { startEmbeddedPostgres } from "../embedded/embedded-postgres.ts";
import { openStore, type PrismaClient } from "../store/client.ts";
import { migrate } from "../store/migrate.ts";
import { requireSettings } from "../store/require-settings.ts";
import type { Service } from "./service.ts";

const STATEMENT_TIMEOUT_MS = 30_000;

export interface Database {
  /** Of Postgres itself, past a pooler: for who needs a session. */
  readonly url: string;
  readonly db: PrismaClient;
  /** For what is asked over the API: it leaves connections to pushes, jobs, and the look at who asks. */
  readonly reading: PrismaClient;
  /** Where the embedded database's first tokens are; null with a database of one's own. */
  readonly tokenFiles: TokenFiles | null;
}

/** The embedded Postgres or that of DATABASE_URL, with this version's schema, and the pool that asks it. */
export async function startDatabase(service: Service): Promise<Database> {
  const { config, demo, life, log, now, role } = service;
  if (demo !== null && config.databaseUrl === null) await makeDemoFolder(config.dataDir);
  const pooled = await life.start("database", () =>
    config.databaseUrl === null ? embedded(service) : { value: config.databaseUrl },
  );
  const url = config.databaseDirectUrl ?? pooled;
  await life.start("schema", async () => ({ value: await migrate({ url, log }).catch(explainDatabase) }));
  const { db, reading } = await life.start("store", () => {
    const store = openStore({
      url: pooled,
      poolSize: config.databasePool,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      applicationName: `spillway ${role}`,
      // The embedded Postgres ends connections when it is stopped, as it should.
      onError: (error) => {
        if (!life.stopping) log.warn({ err: error }, "an idle database connection failed");
      },
    });
    return { value: store, stop: () => store.close() };
  });
  const warning = await requireSettings(db).catch(explainDatabase);
  if (warning !== null) log.warn(warning);
  const tokenFiles = config.databaseUrl === null ? await ensureTokenFiles(db, config.dataDir, now()) : null;
  return { url, db, reading, tokenFiles };
}

/** A Postgres that ends by itself ends the service: without it nothing that is pushed could be kept. */
async function embedded({ config, life, log, notes }: Service) {
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
  notes.push(...postgres.notes);
  void postgres.exited.then(({ expected, message }) => {
    if (expected || life.stopping) return;
    log.fatal(`the embedded Postgres has ended: ${message}`);
    process.exitCode = 1;
    void life.stop().then(() => process.exit());
  });
  // What is left is for its end at once, where its checkpoint takes longer.
  return { value: postgres.url, stop: (graceMs: number) => postgres.stop(0.8 * graceMs) };
}

/** The past of a simulated fleet; nothing for a real one. */
export async function startHistory(service: Service, db: PrismaClient): Promise<void> {
  const { demo, life, notes } = service;
  if (demo === null) return;
  const stopping = () => life.stopping;
  await life.start("history", async () => ({
    value: await writeDemoHistory(demo, { ...service, db, stopping }),
  }));
  notes.push("Every host here is simulated: a demo. Nothing of it is kept when it ends.");
}
