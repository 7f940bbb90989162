import type { Config } from "../config.ts";
import { startEmbeddedPostgres } from "../embedded/embedded-postgres.ts";
import { runningEmbeddedUrl } from "../embedded/running.ts";
import { openStore, type Store } from "../store/client.ts";
import { createSignInLink } from "../store/sessions.ts";
import { createLog } from "../telemetry/log.ts";

export interface CommandDatabase {
  readonly url: string;
  readonly db: Store["db"];
  close(): Promise<void>;
}

/**
 * The service's database for a command that comes and goes: the one of DATABASE_URL, the embedded one of a
 * service that is running, or else the embedded one started for the command.
 */
export async function openForCommand(config: Config): Promise<CommandDatabase> {
  const log = createLog("warn");
  const running = config.databaseUrl ?? (await runningEmbeddedUrl(config.dataDir));
  const own = running === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null;
  const url = running ?? own?.url ?? "";
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

/** A one-time link that signs a browser in. */
export async function createSignIn(config: Config, now: number): Promise<string> {
  const { db, close } = await openForCommand(config);
  const code = await createSignInLink(db, now).finally(close);
  const host = ["0.0.0.0", "::"].includes(config.listen) ? "127.0.0.1" : config.listen;
  return `${config.publicUrl ?? `http://${host}:${config.port}`}/sign-in?code=${code}`;
}
