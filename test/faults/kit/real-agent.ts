/** The built agent as a process on this machine, with its spool, and a journal of all that it ever collected. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Agent, startAgent } from "../../support/agent.ts";
import { expectExactIncreases, storedOf } from "../../support/delivery.ts";
import { JournalKeeper } from "../../support/journal-keeper.ts";
import type { OracleSnapshot } from "../../support/oracle.ts";
import { withStore } from "../../support/service.ts";
import { waitFor } from "../../support/wait.ts";
import { SmallDisk } from "./small-disk.ts";
import type { World } from "./world.ts";

/** Longer than the longest wait between two tries of an agent, which is a minute. */
const LONG = { timeoutMs: 150_000 };

export interface RealAgentOptions {
  readonly name: string;
  readonly folder: string;
  readonly server: string;
  readonly token: string;
  /** Its state is on a disk of this size, which root alone can make. */
  readonly diskMb: number | undefined;
}

export class RealAgent {
  readonly name: string;
  readonly disk: SmallDisk | null;
  readonly #options: RealAgentOptions;
  readonly #stateDir: string;
  readonly #journal: JournalKeeper;
  #agent: Agent | null = null;

  constructor(options: RealAgentOptions) {
    const { name, folder, diskMb } = options;
    this.name = name;
    this.#options = options;
    mkdirSync(folder);
    this.disk = diskMb === undefined ? null : new SmallDisk(join(folder, "disk"), diskMb);
    this.#stateDir = join(this.disk?.folder ?? folder, "state");
    this.#journal = new JournalKeeper(join(this.#stateDir, "spool"), join(folder, "kept"));
  }

  start(): void {
    const { name, server, token } = this.#options;
    const flags = ["--name", name, "--interval", "100ms", "--namespaces", "root"];
    this.#agent = startAgent({ server, stateDir: this.#stateDir, flags, token });
  }

  /** What this life of it has logged. */
  output(): string {
    return this.#agent?.output() ?? "";
  }

  /** How many snapshots its lives have collected. */
  get collected(): number {
    return this.#journal.collected().length;
  }

  async kill(): Promise<void> {
    await this.#agent?.end("SIGKILL");
    this.#agent = null;
  }

  heal(): void {
    this.disk?.free();
    if (this.#agent === null) this.start();
  }

  /**
   * Waits until all that it collected is stored, ends it, and tells the journal of the run what it collected.
   *
   * @throws when something is not stored, or the service tells other increases than those
   */
  async settle(world: World): Promise<void> {
    const missing = async () => {
      const stored = new Set(await storedOf(world.databaseUrl, this.name));
      return this.#journal.collected().filter(({ key }) => !stored.has(key)).length;
    };
    await waitFor(`what ${this.name} collected to be stored`, async () => (await missing()) === 0, LONG);
    const code = await this.#agent?.end("SIGTERM");
    if (code !== 0) throw new Error(`${this.name} ended with ${code}: ${this.output()}`);
    const collected = this.#journal.collected();
    const entry = world.journal.add(await this.#id(world), this.name, true);
    for (const { epoch, names, snapshot } of collected) {
      const values = names.flatMap((name, index): [string, bigint][] => {
        const value = snapshot.values[index];
        return value == null ? [] : [[name, BigInt(value)]];
      });
      const made: OracleSnapshot = {
        at: snapshot.at,
        uptimeMs: snapshot.uptimeMs,
        everyMs: snapshot.everyMs,
        boot: epoch.boot,
        epoch: epoch.number,
        wordSize: epoch.wordSize,
        values: Object.fromEntries(values),
        layout: names,
      };
      entry.made.push(made);
      entry.acknowledged.add(made.at);
    }
    await expectExactIncreases(world.service, this.name, collected);
  }

  async close(): Promise<void> {
    await this.kill();
    this.#journal.close();
    this.disk?.close();
  }

  async #id({ databaseUrl }: World): Promise<string> {
    return withStore(databaseUrl, async ({ db }) => {
      const [row] = await db.$queryRaw<{ id: string }[]>`
        SELECT agent_id::text AS id FROM host WHERE name = ${this.name}`;
      if (row === undefined) throw new Error(`the service knows no host ${this.name}`);
      return row.id;
    });
  }
}
