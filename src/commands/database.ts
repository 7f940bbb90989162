import type { Config } from "../config.ts";
import { startEmbeddedPostgres } from "../embedded/embedded-postgres.ts";
import { runningEmbeddedUrl } from "../embedded/running.ts";
import { SpillwayError } from "../errors.ts";
import { readTls } from "../http/tls.ts";
import { openStore, type Store } from "../store/client.ts";
import { asUnavailable } from "../store/errors.ts";
import { migrate, pendingMigrations } from "../store/migrate.ts";
import { createSignInLink } from "../store/sessions.ts";
import { createLog } from "../telemetry/log.ts";
import { localUrl } from "./addresses.ts";

export interface CommandDatabase {
  readonly url: string;
  readonly db: Store["db"];
  close(): Promise<void>;
}

/**
 * The service's database for a command that comes and goes: the one of DATABASE_URL, the embedded one of a
 * service that is running, or else the embedded one started for the command.
 *
 * @param migrated false for the command that migrates; others need the schema, and are refused without it
 */
export async function openForCommand(
  config: Config,
  { migrated = true }: { readonly migrated?: boolean } = {},
): Promise<CommandDatabase> {
  const log = createLog("warn");
  const running =
    config.databaseDirectUrl ?? config.databaseUrl ?? (await runningEmbeddedUrl(config.dataDir));
  const own = running === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null;
  const url = running ?? own?.url ?? "";
  try {
    // What is started for the command is brought up to date by it; what others run is theirs to migrate.
    if (own !== null) await migrate({ url, log });
    else if (migrated) await requireMigrated(url);
  } catch (error) {
    await own?.stop();
    throw error;
  }
  const store = openStore({
    url,
    poolSize: 2,
    statementTimeoutMs: 30_000,
    applicationName: "spillway command",
    onError: () => undefined,
  });
  return {
    url,
    db: store.db,
    close: async () => {
      await store.close();
      await own?.stop();
    },
  };
}

async function requireMigrated(url: string): Promise<void> {
  const pending = await pendingMigrations(url).catch(explainDatabase);
  if (pending.length === 0) return;
  throw new SpillwayError(
    "CONFIGURATION",
    `the database lacks the migrations ${pending.join(", ")}: run \`spillway migrate\`, or start the service, first`,
  );
}

/** A one-time link that signs a browser in. */
export async function createSignIn(config: Config, now: number): Promise<string> {
  const { db, close } = await openForCommand(config);
  const code = await createSignInLink(db, now).finally(close);
  const tls = config.tls === null ? null : await readTls(config.tls);
  return `${config.publicUrl ?? localUrl(config.listen, config.port, tls)}/sign-in?code=${code}`;
}

/** A database that does not answer at the start is told with its address and the reason. */
export function explainDatabase(thrown: unknown): never {
  const error = asUnavailable(thrown);
  if (!(error instanceof SpillwayError) || error.code !== "UNAVAILABLE") throw thrown;
  const reason =
    thrown instanceof Error ? thrown.message || String((thrown as NodeJS.ErrnoException).code) : "";
  throw new SpillwayError(
    "CONFIGURATION",
    `cannot use the database of DATABASE_URL: ${reason}: check the address, the user and the password`,
    { cause: thrown },
  );
}
