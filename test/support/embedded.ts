/** Services reduced to their embedded Postgres (embedded-service.ts), started and killed by a test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { Client } from "pg";
import { expect } from "vitest";
import { findPlatformPackage } from "../../src/embedded/binaries.ts";
import { layoutOf } from "../../src/embedded/layout.ts";
import { findPostmaster } from "../../src/embedded/postmaster-file.ts";
import type { ServiceEvent } from "./embedded-service.ts";
import { waitFor } from "./wait.ts";

export const isRoot = process.getuid?.() === 0;

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** On every Unix; nothing of the machine belongs to it. */
export const NOBODY: Account = { uid: 65534, gid: 65534 };

/** Runs services, and ends every process that they have left when it is closed. */
export class Services {
  /** Everybody may pass through it; what a test keeps here is removed with it. */
  readonly folder: string;
  readonly #script: string;
  readonly #node: string;
  readonly #services: Service[] = [];
  readonly #dataDirs = new Set<string>();

  private constructor(folder: string) {
    this.folder = folder;
    this.#script = join(folder, "service.cjs");
    this.#node = join(folder, "node");
  }

  /**
   * Bundles the script to one file and copies node, since the checkout and node may lie in a folder that only
   * one user can enter, /root for instance.
   */
  static async open(): Promise<Services> {
    const services = new Services(await mkdtemp(join(tmpdir(), "spillway-e2e-")));
    await chmod(services.folder, 0o711);
    const source = fileURLToPath(new URL("embedded-service.ts", import.meta.url));
    await build({
      entryPoints: [source],
      outfile: services.#script,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      external: ["pg-native"],
      // The platform's package is looked up from here, as it is from the sources.
      define: { "import.meta.url": JSON.stringify(pathToFileURL(source).href) },
      logLevel: "warning",
    });
    await copyFile(process.execPath, services.#node);
    await chmod(services.#node, 0o755);
    await chmod(services.#script, 0o644);
    return services;
  }

  /** A folder that does not exist yet and that `account` can make. */
  async dataDir(account?: Account): Promise<string> {
    const parent = await mkdtemp(join(this.folder, "data-"));
    await chmod(parent, 0o711);
    if (account !== undefined) await chown(parent, account.uid, account.gid);
    return join(parent, "spillway");
  }

  /** The package of this platform, copied to where a test may spoil it. */
  async packageCopy(): Promise<string> {
    const copy = join(await this.dataDir(), "package");
    await cp(findPlatformPackage(), copy, { recursive: true, verbatimSymlinks: true });
    await chmod(dirname(copy), 0o755);
    return copy;
  }

  /** A cluster with one committed row (expectKept), whose service has stopped. */
  async stoppedCluster(): Promise<{ readonly dataDir: string; readonly cluster: string }> {
    const dataDir = await this.dataDir();
    const service = this.start(dataDir);
    const { url } = await service.next("started");
    await query(url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await service.stop();
    return { dataDir, cluster: layoutOf(dataDir).cluster };
  }

  start(dataDir: string, options: { packageDir?: string; account?: Account } = {}): Service {
    this.#dataDirs.add(dataDir);
    const args = [this.#script, dataDir];
    if (options.packageDir !== undefined) args.push(options.packageDir);
    const child = spawn(this.#node, args, {
      ...options.account,
      cwd: "/",
      stdio: ["ignore", "pipe", "inherit"],
    });
    const service = new Service(child);
    this.#services.push(service);
    return service;
  }

  /** Ends every service, and the servers of those that were killed. */
  async stop(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((service) => service.stop()));
    for (const dataDir of this.#dataDirs) await endServer(dataDir);
    this.#dataDirs.clear();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

export class Service {
  readonly events: ServiceEvent[] = [];
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("the service was started without its output");
    createInterface({ input: child.stdout }).on("line", (line) => this.events.push(JSON.parse(line)));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for the first event of a kind. */
  async next<K extends ServiceEvent["event"]>(kind: K): Promise<Extract<ServiceEvent, { event: K }>> {
    type Wanted = Extract<ServiceEvent, { event: K }>;
    const find = () => this.events.find((event): event is Wanted => event.event === kind);
    const said = () => find() ?? this.events.find(({ event }) => event === "refused");
    await waitFor(`the service to say "${kind}"`, said, { timeoutMs: 90_000 });
    const found = find();
    if (found === undefined) throw new Error(`the service was refused: ${JSON.stringify(said())}`);
    return found;
  }

  /** The lines of its log, joined. */
  get log(): string {
    return this.events.flatMap((event) => (event.event === "log" ? [event.message] : [])).join("\n");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    await exit;
  }
}

/** Ends a server that a killed service has left running. */
async function endServer(dataDir: string): Promise<void> {
  const { cluster } = layoutOf(dataDir);
  const left = await findPostmaster(cluster);
  if (left === undefined) return;
  try {
    process.kill(left.pid, "SIGQUIT");
  } catch {
    // It has ended by itself.
  }
  await waitFor("the server left behind to end", async () => (await findPostmaster(cluster)) === undefined);
}

export async function query<T>(url: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, T>>(sql)).rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

export async function expectKept(url: string): Promise<void> {
  expect(await query(url, "SELECT answer FROM kept")).toEqual([42]);
}

/** Waits until each has started or been refused; exactly one may have started. */
export async function outcomeOf(
  several: readonly Service[],
): Promise<{ winner: Service; losers: Service[] }> {
  const that = (kind: string) => several.filter(({ events }) => events.some(({ event }) => event === kind));
  const decided = () => that("started").length + that("refused").length === several.length;
  await waitFor("each to start or be refused", decided, { timeoutMs: 90_000 });
  const [winner, ...others] = that("started");
  if (winner === undefined) throw new Error(JSON.stringify(several.map(({ events }) => events)));
  expect(others).toEqual([]);
  return { winner, losers: that("refused") };
}
