/** A whole Spillway of a run's own: Postgres, Redis, services, workers, a network between them and the agents. */
import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../../src/store/migrate.ts";
import { makeToken, type Service, startService } from "../../support/service.ts";
import { Journal } from "./journal.ts";
import { FaultProxy } from "./proxy.ts";
import { MortalPostgres, MortalRedis } from "./stores.ts";

const quiet = { info: () => undefined, warn: () => undefined };

export interface WorldOptions {
  readonly services: number;
  readonly workers: number;
}

/** A process of the service, and what it once took. */
interface Part {
  service: Service;
  readonly proxy: FaultProxy | null;
}

export class World {
  readonly journal = new Journal();
  readonly redis: MortalRedis;
  readonly postgres: MortalPostgres;
  /** The most that a process held, in MB, by what it is. */
  readonly peakMb = new Map<string, number>();
  databaseUrl = "";
  ingestToken = "";
  readonly #folder: string;
  readonly #services: Part[] = [];
  readonly #workers: Part[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.postgres = new MortalPostgres(join(folder, "data"));
    this.redis = new MortalRedis(join(folder, "redis"));
  }

  static async open({ services, workers }: WorldOptions): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "spillway-faults-"));
    // As root the database is another user, who must be able to pass.
    await chmod(folder, 0o711);
    await mkdir(join(folder, "data"), { mode: 0o711 });
    const world = new World(folder);
    try {
      world.databaseUrl = await world.postgres.start();
      await migrate({ url: world.databaseUrl, log: quiet });
      world.ingestToken = await makeToken(world.databaseUrl, "ingest");
      await world.redis.start();
      for (let index = 0; index < services; index++) {
        const proxy = new FaultProxy();
        await proxy.listen();
        world.#services.push({ service: await world.#start("serve"), proxy });
      }
      for (let index = 0; index < workers; index++) {
        world.#workers.push({ service: await world.#start("work"), proxy: null });
      }
      world.#aim();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  get proxies(): readonly FaultProxy[] {
    return this.#services.flatMap(({ proxy }) => proxy ?? []);
  }

  /** Where agents push. */
  readonly urls = (): readonly string[] => this.proxies.map(({ url }) => url);

  /** A service that answers questions: the first. */
  get service(): Service {
    const [first] = this.#services;
    if (first === undefined) throw new Error("this world has no service");
    return first.service;
  }

  async kill(
    role: "serve" | "work",
    index: number,
    signal: "SIGKILL" | "SIGTERM" = "SIGKILL",
  ): Promise<number | null> {
    const part = this.#part(role, index);
    await this.#remember(role, part.service);
    if (part.proxy !== null && signal === "SIGKILL") part.proxy.target = null;
    if (signal === "SIGTERM") return part.service.stop();
    await part.service.kill();
    return null;
  }

  async restart(role: "serve" | "work", index: number): Promise<void> {
    const part = this.#part(role, index);
    part.service = await this.#start(role);
    this.#aim();
  }

  /** Everything back and every link clear. */
  async heal(): Promise<void> {
    for (const proxy of this.proxies) proxy.weather = { kind: "pass" };
    for (const [role, parts] of [
      ["serve", this.#services],
      ["work", this.#workers],
    ] as const) {
      for (const [index, { service }] of parts.entries()) {
        if (service.process.exitCode !== null || service.process.signalCode !== null)
          await this.restart(role, index);
      }
    }
  }

  async close(): Promise<void> {
    const parts = [...this.#workers, ...this.#services];
    await Promise.all(
      parts.map(async ({ service, proxy }) => {
        await this.#remember(proxy === null ? "work" : "serve", service);
        await service.kill();
        await proxy?.close();
      }),
    );
    await this.redis.kill();
    await this.postgres.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #part(role: "serve" | "work", index: number): Part {
    const parts = role === "serve" ? this.#services : this.#workers;
    const part = parts[index % parts.length];
    if (part === undefined) throw new Error(`this world has no ${role}`);
    return part;
  }

  #start(role: "serve" | "work"): Promise<Service> {
    const env = { REDIS_URL: this.redis.url, SPILLWAY_RATE_LIMIT: "0", SPILLWAY_RATE_LIMIT_INGEST: "0" };
    return startService({ databaseUrl: this.databaseUrl, role, env });
  }

  #aim(): void {
    for (const { service, proxy } of this.#services) {
      if (proxy !== null) proxy.target = Number(new URL(service.url).port);
    }
  }

  async #remember(role: string, { process: child }: Service): Promise<void> {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    const mb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
    this.peakMb.set(role, Math.max(this.peakMb.get(role) ?? 0, Math.round(mb)));
  }
}
