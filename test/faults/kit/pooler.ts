/** PgBouncer between the service and Postgres, set up as docs/reliability.md says: one connection for each transaction. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "../../support/scenario.ts";
import { waitFor } from "../../support/wait.ts";

const BINARY = ["pgbouncer", "/usr/sbin/pgbouncer"].find((name) => spawnSync(name, ["-V"]).status === 0);

export const hasPooler = BINARY !== undefined;

export class Pooler {
  readonly url: string;
  readonly #child: ChildProcess;

  /** @param behind the URL of the database, on a socket of `owner`, who runs the pooler too */
  static async start(folder: string, behind: string, owner: number): Promise<Pooler> {
    const { username, password, pathname, searchParams } = new URL(behind);
    const port = await freePort();
    const database = pathname.slice(1);
    const settings = [
      "[databases]",
      `${database} = host=${searchParams.get("host")} port=5432 user=${username} password=${password}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = any",
      "pool_mode = transaction",
      "default_pool_size = 8",
      "ignore_startup_parameters = extra_float_digits,options,statement_timeout,idle_in_transaction_session_timeout",
    ];
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "pgbouncer.ini");
    writeFileSync(file, `${settings.join("\n")}\n`);
    for (const path of [folder, file]) chownSync(path, owner, owner);
    const pooler = new Pooler(file, owner, `postgresql://${username}:x@127.0.0.1:${port}/${database}`);
    await waitFor("PgBouncer to answer", () => answers(pooler.url));
    return pooler;
  }

  private constructor(file: string, owner: number, url: string) {
    this.url = url;
    const user = process.getuid?.() === 0 ? { uid: owner, gid: owner } : {};
    this.#child = spawn(BINARY ?? "pgbouncer", [file], { stdio: "ignore", ...user });
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await exited;
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("SELECT 1").finally(() => client.end());
  return true;
}
