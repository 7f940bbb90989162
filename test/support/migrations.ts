/** What tests of the runner of migrations share: empty databases, folders of files, and a runner that can be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import { emptyDatabase } from "./postgres.ts";
import { waitFor } from "./wait.ts";

/** For a run whose lines nobody reads. */
export const log = { info: () => undefined };
export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Migrations by name, in a folder that is there until the test is over. */
export async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-migrations-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, sql] of Object.entries(files)) await writeMigration(folder, name, sql);
  await writeFile(join(folder, "migration_lock.toml"), 'provider = "postgresql"\n');
  return folder;
}

export async function writeMigration(folder: string, name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "migration.sql"), sql);
}

/** One without any table, dropped when the test is over. */
export async function database(): Promise<{ url: string; client: Client }> {
  const { url, drop } = await emptyDatabase();
  onTestFinished(drop);
  return { url, client: await connect(url) };
}

/** Connected until the test is over, or until the server ends the session. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** The values of all rows, one after the other. */
export async function column<T>(client: Client, sql: string, values: unknown[] = []): Promise<T[]> {
  const { rows } = await client.query<Record<string, T>>(sql, values);
  return rows.flatMap((row) => Object.values(row));
}

/** Names of the tables that migrations have made, sorted. */
export async function tables(client: Client): Promise<string[]> {
  return column(
    client,
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1",
  );
}

/** Names of the migrations that are recorded, in the order in which they were begun. */
export async function recordedNames(client: Client): Promise<string[]> {
  return column(client, "SELECT migration_name FROM _prisma_migrations ORDER BY started_at");
}

/** The runner as a process of its own, so that it can be killed. */
export function spawnRunner(url: string, folder: string): ChildProcess {
  const code = `
    import { migrate } from ${JSON.stringify(pathToFileURL(join(repository, "src/store/migrate.ts")).href)};
    const [url, folder] = process.argv.slice(-2);
    await migrate({ url, folder, log: { info: () => undefined } });`;
  return spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code, url, folder], {
    cwd: repository,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Kills the runner when it waits for the test's advisory lock (1, key), and waits for its session's end. */
export async function killWhenWaiting(runner: ChildProcess, client: Client, key: number): Promise<void> {
  const waiting = () =>
    column<number>(
      client,
      `SELECT pid FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 1 AND objid = $1 AND objsubid = 2 AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [key],
    );
  const [session] = await waitFor(
    `the runner to come to statement ${key}`,
    async () => {
      const sessions = await waiting();
      return sessions.length > 0 && sessions;
    },
    { timeoutMs: 60_000 },
  );
  const ended = once(runner, "exit");
  runner.kill("SIGKILL");
  await ended;
  await waitFor(
    "the session of the killed runner to end",
    async () =>
      (await column(client, "SELECT 1 FROM pg_stat_activity WHERE pid = $1", [session])).length === 0,
  );
}
