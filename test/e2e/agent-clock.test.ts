/**
 * Hosts whose clock is years off, or jumps: what the real agent collects is stored on the service's clock, and
 * no rate is bent. libfaketime stands between the agent and CLOCK_REALTIME; CLOCK_MONOTONIC and uptime are the
 * kernel's, which no step of a clock moves.
 */
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Agent } from "../support/agent.ts";
import { setAsideIn } from "../support/delivery.ts";
import type { Collected } from "../support/journal-keeper.ts";
import { suiteService } from "../support/own-database-service.ts";
import { type Hooks, LONG, Scenario } from "../support/scenario.ts";
import { waitFor } from "../support/wait.ts";

const LIBRARY = ["x86_64", "aarch64"]
  .map((arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find(existsSync);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** How far an agent's time may be from the service's: 5 s are left alone, and slow answers measure badly. */
const NEAR_MS = 10_000;
const TEN_YEARS = 3_650;

const service = suiteService();

/** A host whose clock the test sets, by days from the true one. */
class ClockScenario {
  readonly scenario: Scenario;
  readonly #setting: string;
  readonly #begun = Date.now();

  static async begin(host: string, days: number, hooks: Hooks): Promise<ClockScenario> {
    return new ClockScenario(await Scenario.begin(host, hooks, { databaseUrl: service.databaseUrl }), days);
  }

  private constructor(scenario: Scenario, days: number) {
    this.scenario = scenario;
    this.#setting = join(scenario.stateDir, "..", "clock");
    this.set(days);
  }

  /** Replaced as a whole, for the agent reads it each time that it asks for the time. */
  set(days: number): void {
    writeFileSync(`${this.#setting}.new`, `${days < 0 ? "" : "+"}${days}d\n`);
    renameSync(`${this.#setting}.new`, this.#setting);
  }

  agent(): Agent {
    return this.scenario.agent(service.url, {
      flags: ["--interval", "200ms", "--namespaces", "root"],
      env: {
        LD_PRELOAD: LIBRARY ?? "",
        FAKETIME_TIMESTAMP_FILE: this.#setting,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        NO_FAKE_STAT: "1",
      },
    });
  }

  /** Waits until the service shows the skew of the host's clock, and so for a push since it was set. */
  async shows(days: number): Promise<void> {
    const { host } = this.scenario;
    const query = "query ($host: String!) { host(name: $host) { clockSkewMs } }";
    await waitFor(
      `the clock of ${host} to be shown ${days} days off`,
      async () => {
        const { data } = await service.graphql(query, { host });
        return Math.abs(data.host.clockSkewMs - days * DAY_MS) < MINUTE_MS;
      },
      LONG,
    );
    await this.scenario.collects(5, `with the clock ${days} days off`);
  }

  /** Every snapshot lies where it was taken, and no two are nearer or further than they were by uptime. */
  async expectStraight(agent: Agent): Promise<Collected[]> {
    const stored = await this.scenario.expectExact(agent, service);
    expect(stored.length).toBeGreaterThan(5);
    for (const [index, { snapshot, epoch }] of stored.entries()) {
      expect(snapshot.at).toBeGreaterThan(this.#begun - NEAR_MS);
      expect(snapshot.at).toBeLessThan(Date.now() + NEAR_MS);
      const before = stored[index - 1];
      if (before?.epoch.number !== epoch.number) continue;
      const passed = snapshot.uptimeMs - before.snapshot.uptimeMs;
      expect(Math.abs(snapshot.at - before.snapshot.at - passed)).toBeLessThanOrEqual(1);
    }
    await this.#expectRates(stored);
    return stored;
  }

  /** No rate is above the steepest or below the flattest of those between one snapshot and the next. */
  async #expectRates(stored: readonly Collected[]): Promise<void> {
    const name = "TcpInSegs";
    const segmentsOf = ({ names, snapshot }: Collected) => Number(snapshot.values[names.indexOf(name)]);
    const slopes: number[] = [];
    for (const [index, next] of stored.entries()) {
      const before = stored[index - 1];
      if (before === undefined || before.epoch.number !== next.epoch.number) continue;
      const seconds = (next.snapshot.uptimeMs - before.snapshot.uptimeMs) / 1_000;
      slopes.push((segmentsOf(next) - segmentsOf(before)) / seconds);
    }
    const { data } = await service.graphql(
      `query ($host: String!, $counters: [String!]!, $from: DateTime!, $to: DateTime!) { host(name: $host) {
        rates(counters: $counters, range: {from: $from, to: $to}, step: "1s") { values } } }`,
      {
        host: this.scenario.host,
        counters: [name],
        from: new Date(this.#begun - NEAR_MS).toISOString(),
        to: new Date(Date.now() + NEAR_MS).toISOString(),
      },
    );
    const rates = data.host.rates[0].values.filter((rate: number | null) => rate !== null);
    expect(rates.length).toBeGreaterThan(1);
    expect(Math.max(...rates)).toBeLessThanOrEqual(Math.max(...slopes) * 1.001);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(Math.min(...slopes) * 0.999);
  }
}

const epochsOf = (stored: readonly Collected[]) => [...new Set(stored.map(({ epoch }) => epoch.number))];

describe.skipIf(LIBRARY === undefined)(
  "a host's clock ten years off (where libfaketime is installed)",
  { concurrent: true },
  () => {
    test("ahead from the start, then set back: what came before the first answer is set aside, as future", async (hooks) => {
      const host = await ClockScenario.begin("ahead", TEN_YEARS, hooks);
      const agent = host.agent();
      await host.shows(TEN_YEARS);
      host.set(0);
      await host.shows(0);
      const stored = await host.expectStraight(agent);
      const aside = setAsideIn(host.scenario.stateDir);
      expect([...new Set(aside.values())]).toEqual(["FUTURE"]);
      const ids = new Map(host.scenario.journal.collected().map(({ key, id }) => [key, id]));
      const latest = Math.max(...[...aside.keys()].map((key) => ids.get(key) ?? Number.NaN));
      expect(latest).toBeLessThan(Math.min(...stored.map(({ id }) => id)));
      expect(epochsOf(stored)).toEqual([1]);
      expect(agent.output()).toContain("epoch 1 of this boot begins");
    });

    test("behind from the start: what came before the first answer is set aside, as too old", async (hooks) => {
      const host = await ClockScenario.begin("behind", -TEN_YEARS, hooks);
      const agent = host.agent();
      await host.shows(-TEN_YEARS);
      const stored = await host.expectStraight(agent);
      expect([...new Set(setAsideIn(host.scenario.stateDir).values())]).toEqual(["TOO_OLD"]);
      expect(epochsOf(stored)).toEqual([0]);
      expect(agent.output()).toContain("moved forward at once");
    });

    test("jumps ahead and back while the agent runs: everything is stored, in one epoch", async (hooks) => {
      const host = await ClockScenario.begin("jumps", 0, hooks);
      const agent = host.agent();
      for (const days of [0, TEN_YEARS, -TEN_YEARS, 0]) {
        host.set(days);
        await host.shows(days);
      }
      const stored = await host.expectStraight(agent);
      expect(setAsideIn(host.scenario.stateDir).size).toBe(0);
      expect(epochsOf(stored)).toEqual([0]);
    });

    test("ahead at a start that goes on from an earlier one: everything is stored, in one epoch", async (hooks) => {
      const host = await ClockScenario.begin("ahead-again", 0, hooks);
      const first = host.agent();
      await host.shows(0);
      await first.end("SIGKILL");
      host.set(TEN_YEARS);
      const second = host.agent();
      await host.shows(TEN_YEARS);
      const stored = await host.expectStraight(second);
      expect(setAsideIn(host.scenario.stateDir).size).toBe(0);
      expect(epochsOf(stored)).toEqual([0]);
    });
  },
);
