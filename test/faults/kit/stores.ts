/** Postgres and Redis of a run, which can be killed and come back at the same address with what they had synced. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../src/embedded/embedded-postgres.ts";
import { waitFor } from "../../support/wait.ts";

const quiet = { info: () => undefined, warn: () => undefined };

/** The embedded Postgres, durable as it is in production. */
export class MortalPostgres {
  readonly #dataDir: string;
  #server: EmbeddedPostgres | null = null;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async start(): Promise<string> {
    this.#server = await startEmbeddedPostgres({ dataDir: this.#dataDir, log: quiet });
    return this.#server.url;
  }

  /** SIGKILL of the postmaster, whose children then end by themselves. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    process.kill(server.pid, "SIGKILL");
    await server.exited;
    await server.stop();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** A Redis that syncs once a second, as the documentation advises. */
export class MortalRedis {
  readonly #folder: string;
  #child: ChildProcess | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get url(): string {
    return `unix://${this.#socket}`;
  }

  /** For clients of their own. */
  get connection(): { readonly path: string } {
    return { path: this.#socket };
  }

  get #socket(): string {
    return join(this.#folder, "redis.sock");
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const folder = ["--dir", this.#folder, "--port", "0", "--unixsocket", this.#socket];
    const kept = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
    this.#child = spawn("redis-server", [...folder, ...kept, "--maxmemory-policy", "noeviction"], {
      stdio: "ignore",
    });
    await waitFor("Redis to answer", () => this.ask(async (redis) => (await redis.ping()) === "PONG"));
  }

  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.#socket, { lazyConnect: true, retryStrategy: () => null });
    redis.on("error", () => undefined);
    try {
      await redis.connect();
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await exited;
  }
}
