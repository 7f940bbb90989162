/** A whole Spillway of a run's own: Postgres, Redis, services, workers, a network between them and the agents. */
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../../src/store/migrate.ts";
import { asAdmin } from "../../support/databases.ts";
import { freePort } from "../../support/scenario.ts";
import { makeToken, type Service, startService } from "../../support/service.ts";
import { waitFor } from "../../support/wait.ts";
import { Journal } from "./journal.ts";
import { Pooler } from "./pooler.ts";
import { FaultProxy } from "./proxy.ts";
import { RealAgent } from "./real-agent.ts";
import { SmallDisk } from "./small-disk.ts";
import { MortalPostgres, MortalRedis } from "./stores.ts";

const quiet = { info: () => undefined, warn: () => undefined };

export interface WorldOptions {
  readonly services: number;
  readonly workers: number;
  /** The last service and the last worker are never killed: what they hold is watched. Everything else befalls them. */
  readonly survivors?: boolean;
  /** Real agents, each a process with a spool, beside the simulated ones. */
  readonly agents?: number;
  /** What is between services and workers and their Postgres. */
  readonly between?: "nothing" | "proxy" | "pooler";
  /** Their state folders are on disks of so many MB ... */
  readonly agentDiskMb?: number;
  /** ... and Postgres keeps its tables on one. */
  readonly tablesMb?: number;
  readonly env?: Readonly<Record<string, string>>;
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
  /** Of Postgres itself, whatever is between it and the service. */
  databaseUrl = "";
  /** Services and workers that ended, and were not told to. */
  readonly crashes: string[] = [];
  ingestToken = "";
  readonly agents: RealAgent[] = [];
  /** Between services and workers and Postgres, where there is one. */
  databaseProxy: FaultProxy | null = null;
  /** Of Postgres' tables, where there is one. */
  tables: SmallDisk | null = null;
  readonly #folder: string;
  readonly #options: WorldOptions;
  readonly #services: Part[] = [];
  readonly #workers: Part[] = [];
  readonly #told = new WeakSet<Service>();
  #pooler: Pooler | null = null;
  /** Where services and workers find Postgres. */
  #servedUrl = "";

  private constructor(folder: string, options: WorldOptions) {
    this.#folder = folder;
    this.#options = options;
    this.postgres = new MortalPostgres(join(folder, "data"));
    this.redis = new MortalRedis(join(folder, "redis"));
  }

  /** Tries again where a machine that is busy with others' work was too slow for some timeout. */
  static async open(options: WorldOptions, tries = 3): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "spillway-faults-"));
    // As root the database is another user, who must be able to pass.
    await chmod(folder, 0o711);
    await mkdir(join(folder, "data"), { mode: 0o711 });
    const world = new World(folder, options);
    try {
      await world.#openStores();
      await world.#openProcesses();
      return world;
    } catch (error) {
      await world.close();
      if (tries <= 1) throw error;
      return World.open(options, tries - 1);
    }
  }

  async #openStores(): Promise<void> {
    const { between = "nothing", tablesMb } = this.#options;
    this.databaseUrl = await this.postgres.start();
    this.#servedUrl = this.databaseUrl;
    const owner = (await stat(join(this.#folder, "data", "postgres", "18"))).uid;
    if (tablesMb !== undefined) await this.#moveTables(tablesMb, owner);
    await migrate({ url: this.databaseUrl, log: quiet });
    this.ingestToken = await makeToken(this.databaseUrl, "ingest");
    await this.redis.start();
    if (between === "pooler") {
      this.#pooler = await Pooler.start(join(this.#folder, "pooler"), this.databaseUrl, owner);
      this.#servedUrl = this.#pooler.url;
    } else if (between === "proxy") {
      this.databaseProxy = new FaultProxy();
      await this.databaseProxy.listen();
      const url = new URL(this.databaseUrl);
      this.databaseProxy.target = `${url.searchParams.get("host")}/.s.PGSQL.5432`;
      url.host = `127.0.0.1:${this.databaseProxy.port}`;
      url.search = "";
      this.#servedUrl = url.href;
    }
  }

  /** Every table and index that is made from now on lies on a small disk; what Postgres needs to run does not. */
  async #moveTables(megabytes: number, owner: number): Promise<void> {
    const disk = new SmallDisk(join(this.#folder, "tables"), megabytes, owner);
    this.tables = disk;
    await asAdmin(this.databaseUrl, async (admin) => {
      await admin.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
      await admin.query(`ALTER ROLE ${new URL(this.databaseUrl).username} SET default_tablespace = small`);
    });
  }

  async #openProcesses(): Promise<void> {
    const { services, workers, agents = 0, agentDiskMb } = this.#options;
    for (let index = 0; index < services; index++) {
      const proxy = new FaultProxy();
      await proxy.listen();
      this.#services.push({ service: await this.#start("serve"), proxy });
    }
    for (let index = 0; index < workers; index++) {
      this.#workers.push({ service: await this.#start("work"), proxy: null });
    }
    this.#aim();
    for (let index = 0; index < agents; index++) {
      const folder = join(this.#folder, `agent-${index}`);
      const { ingestToken: token } = this;
      const server = this.proxies[index % this.proxies.length]?.url ?? "";
      const agent = new RealAgent({ name: `real-${index}`, folder, server, token, diskMb: agentDiskMb });
      this.agents.push(agent);
      agent.start();
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
    const part = this.#mortal(role, index);
    await this.#remember(role, part.service);
    this.#told.add(part.service);
    if (part.proxy !== null && signal === "SIGKILL") part.proxy.target = null;
    if (signal === "SIGTERM") return part.service.stop();
    await part.service.kill();
    return null;
  }

  async restart(role: "serve" | "work", index: number): Promise<void> {
    await this.#revive(role, this.#mortal(role, index));
  }

  /** Those that are never killed, by role. */
  get survivors(): ReadonlyMap<string, number> {
    const pidOf = (parts: readonly Part[]) => parts.at(-1)?.service.process.pid ?? 0;
    return new Map([
      ["serve", pidOf(this.#services)],
      ["work", pidOf(this.#workers)],
    ]);
  }

  /** It does nothing for a while, and does not know it. */
  freeze(role: "serve" | "work", index: number): void {
    this.#part(role, index).service.process.kill("SIGSTOP");
  }

  thaw(role: "serve" | "work", index: number): void {
    this.#part(role, index).service.process.kill("SIGCONT");
  }

  /** Everything back and every link clear. */
  async heal(): Promise<void> {
    for (const proxy of [...this.proxies, this.databaseProxy])
      if (proxy !== null) proxy.weather = { kind: "pass" };
    this.tables?.free();
    for (const agent of this.agents) agent.heal();
    for (const [role, parts] of [
      ["serve", this.#services],
      ["work", this.#workers],
    ] as const) {
      for (const part of parts) {
        const { process } = part.service;
        process.kill("SIGCONT");
        if (process.exitCode !== null || process.signalCode !== null) await this.#revive(role, part);
      }
    }
  }

  async close(): Promise<void> {
    const parts = [...this.#workers, ...this.#services];
    await Promise.all(
      parts.map(async ({ service, proxy }) => {
        await this.#remember(proxy === null ? "work" : "serve", service);
        this.#told.add(service);
        await service.kill();
        await proxy?.close();
      }),
    );
    await Promise.all(this.agents.map((agent) => agent.close()));
    await this.databaseProxy?.close();
    await this.#pooler?.stop();
    await this.redis.kill();
    await this.postgres.stop();
    this.tables?.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #revive(role: "serve" | "work", part: Part): Promise<void> {
    part.service = await this.#start(role);
    this.#aim();
  }

  /** One that may be killed. */
  #mortal(role: "serve" | "work", index: number): Part {
    const all = role === "serve" ? this.#services : this.#workers;
    return this.#part(role, this.#options.survivors ? index % (all.length - 1) : index);
  }

  #part(role: "serve" | "work", index: number): Part {
    const parts = role === "serve" ? this.#services : this.#workers;
    const part = parts[index % parts.length];
    if (part === undefined) throw new Error(`this world has no ${role}`);
    return part;
  }

  /** Tries again, as `open` does. */
  async #start(role: "serve" | "work", tries = 3): Promise<Service> {
    const unlimited = { SPILLWAY_RATE_LIMIT: "0", SPILLWAY_RATE_LIMIT_INGEST: "0" };
    // The checker reads snapshots as they came in, also after an hour of a fleet whose time runs fast.
    const uncompacted = { SPILLWAY_COMPACT_AFTER: "5d" };
    const direct = this.#pooler === null ? {} : { SPILLWAY_DATABASE_DIRECT_URL: this.databaseUrl };
    const port = await freePort();
    const env = {
      REDIS_URL: this.redis.url,
      SPILLWAY_WORK_PORT: String(port),
      ...unlimited,
      ...uncompacted,
      ...direct,
      ...this.#options.env,
    };
    try {
      const service = await startService({ databaseUrl: this.#servedUrl, role, env });
      // One that meets a fault before it is ready ends, for its supervisor to start it again.
      if (role === "work") await untilReady(service, port);
      service.process.once("exit", (code, signal) => {
        if (!this.#told.has(service))
          this.crashes.push(`a ${role} ended with ${code ?? signal}: ${service.output().slice(-1_000)}`);
      });
      return service;
    } catch (error) {
      if (tries <= 1) throw error;
      return this.#start(role, tries - 1);
    }
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

async function untilReady(worker: Service, port: number): Promise<void> {
  try {
    await waitFor("a worker to be ready", async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, {
      timeoutMs: 60_000,
    });
  } catch (error) {
    await worker.kill();
    throw error;
  }
}
