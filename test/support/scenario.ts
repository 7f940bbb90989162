/** The stage of a test of delivery: a database, a host's state folder, and what is started on them. */
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, type TestContext } from "vitest";
import { type Agent, type AgentOptions, startAgent } from "./agent.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "./databases.ts";
import { expectExactIncreases, setAsideIn, storedOf } from "./delivery.ts";
import { type Collected, JournalKeeper } from "./journal-keeper.ts";
import { makeToken, type Service, startService } from "./service.ts";
import { waitFor } from "./wait.ts";

/** Of the test's context: tests that run side by side have no other. */
export type Hooks = Pick<TestContext, "onTestFinished" | "onTestFailed">;

/** Longer than the longest wait between two tries of an agent, which is a minute. */
export const LONG = { timeoutMs: 120_000 };

export class Scenario {
  readonly host: string;
  readonly databaseUrl: string;
  readonly stateDir: string;
  readonly token: string;
  readonly journal: JournalKeeper;
  readonly #hooks: Hooks;

  /** @param given a state folder elsewhere, and a database that others use as well. */
  static async begin(
    host: string,
    hooks: Hooks,
    given: { readonly stateDir?: string; readonly databaseUrl?: string } = {},
  ): Promise<Scenario> {
    const folder = mkdtempSync(join(tmpdir(), "spillway-delivery-test-"));
    hooks.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const databaseUrl = given.databaseUrl ?? (await ownDatabase(hooks));
    const stateDir = given.stateDir ?? join(folder, "state");
    const token = await makeToken(databaseUrl, "ingest");
    const journal = new JournalKeeper(join(stateDir, "spool"), join(folder, "kept"));
    hooks.onTestFinished(() => journal.close());
    return new Scenario(hooks, { host, databaseUrl, stateDir, token, journal });
  }

  private constructor(
    hooks: Hooks,
    parts: Pick<Scenario, "host" | "databaseUrl" | "stateDir" | "token" | "journal">,
  ) {
    this.#hooks = hooks;
    this.host = parts.host;
    this.databaseUrl = parts.databaseUrl;
    this.stateDir = parts.stateDir;
    this.token = parts.token;
    this.journal = parts.journal;
  }

  async service(env: Readonly<Record<string, string>> = {}): Promise<Service> {
    const service = await startService({ databaseUrl: this.databaseUrl, env });
    this.#hooks.onTestFinished(() => service.kill());
    return service;
  }

  agent(server: string, options: Pick<AgentOptions, "flags" | "env" | "token"> = {}): Agent {
    const { token = this.token, flags = [], env = {} } = options;
    const given = flags.includes("--token-file") ? {} : { token };
    const agent = startAgent({
      server,
      stateDir: this.stateDir,
      flags: ["--name", this.host, ...flags],
      env,
      ...given,
    });
    this.#hooks.onTestFinished(() => void agent.end("SIGKILL"));
    this.#hooks.onTestFailed(() => console.error(`the agent of ${this.host} said:\n${agent.output()}`));
    return agent;
  }

  /** Waits until so many more snapshots were collected than at the call. */
  async collects(count: number, what: string): Promise<void> {
    const before = this.journal.collected().length;
    await waitFor(
      `${count} snapshots collected ${what}`,
      () => this.journal.collected().length >= before + count,
      LONG,
    );
  }

  stored(): Promise<string[]> {
    return storedOf(this.databaseUrl, this.host);
  }

  /** Waits until everything collected so far is stored or set aside. */
  async delivers(): Promise<void> {
    const collected = this.journal.collected();
    await waitFor(
      `the ${collected.length} snapshots of ${this.host} to be stored`,
      async () => {
        const stored = new Set(await this.stored());
        const aside = setAsideIn(this.stateDir);
        return collected.every(({ key }) => stored.has(key) || aside.has(key));
      },
      LONG,
    );
  }

  /**
   * Ends the agent, and compares: every snapshot that was ever collected is stored once, with the increases
   * that follow, or is set aside with a reason; and there is no other.
   *
   * @returns what is stored.
   */
  async expectExact(agent: Agent, service: Service): Promise<Collected[]> {
    await this.delivers();
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(agent.output()).toContain("; 0 snapshots were not sent");
    const collected = this.journal.collected();
    expect(collected.map(({ id }) => id)).toEqual(collected.map((_, index) => index + 1));
    const aside = setAsideIn(this.stateDir);
    const kept = collected.filter(({ key }) => !aside.has(key));
    expect(collected.length - kept.length).toBe(aside.size);
    expect((await this.stored()).sort()).toEqual(kept.map(({ key }) => key).sort());
    await expectExactIncreases(service, this.host, kept);
    return kept;
  }
}

async function ownDatabase({ onTestFinished }: Hooks): Promise<string> {
  const server = inject("postgresUrl");
  const name = await createDatabase(server);
  onTestFinished(() => dropDatabase(server, name));
  return databaseUrlOf(server, name);
}

/** A port on which nothing listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
