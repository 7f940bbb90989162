/**
 * Many agents in one process: each makes snapshots, keeps them until they are acknowledged, and sends them again as the
 * agent does (docs/protocol.md). Their hosts reboot, wrap and pause.
 *
 * Their clock runs fast, and behind: fifty times as quick as ours, and an hour ago when the run ends, so that every
 * minute and hour that they tell of is over.
 */
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { poisson, randomOf, uuidOf } from "../../../src/demo/random.ts";
import type { PushAnswer } from "../../../src/protocol/answer.ts";
import type { OracleSnapshot } from "../../support/oracle.ts";
import { push, TestHost } from "../../support/pushes.ts";
import { count, type Journal, type JournalHost } from "./journal.ts";

const NAMES = [
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpCurrEstab",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
];
const EVERY_MS = 10_000;
/** The time between two snapshots of a host, in ms of ours. */
const PACE_MS = 200;
/** Behind our clock all the time, so that an hour that is told of is over. */
const BEHIND_MS = 2 * 3_600_000;
const MAX_BATCH = 100;
/** An agent waits at most so long for an answer. */
const ANSWER_MS = 5_000;
const BACKOFF_MS = { first: 50, most: 1_000 };
const WORD_32 = 2n ** 32n;

export interface FleetOptions {
  readonly seed: string;
  readonly hosts: number;
  readonly token: string;
  /** Where they push, as it is at the moment; one of several at random. */
  readonly urls: () => readonly string[];
  readonly journal: Journal;
  /** Each batch is sent so often, at once. */
  readonly copies?: number;
  /** Batches are sent in any order, not oldest first. */
  readonly shuffled?: boolean;
  /** How long snapshots are made at most, in ms of ours. */
  readonly durationMs: number;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #hosts: SimulatedHost[];
  readonly #http = new Agent({ keepAlive: true, maxSockets: 200 });
  #making = true;
  #running = true;
  readonly #loops: Promise<void>[];

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#hosts = Array.from({ length: options.hosts }, (_, index) => new SimulatedHost(options, index));
    this.#loops = this.#hosts
      .map((host) => this.#make(host))
      .concat(this.#hosts.map((host) => this.#send(host)));
  }

  /** Snapshots that wait. */
  get waiting(): number {
    return this.#hosts.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** No more snapshots are made; those that wait are still sent. */
  rest(): void {
    this.#making = false;
  }

  async stop(): Promise<void> {
    this.#making = false;
    this.#running = false;
    await Promise.all(this.#loops);
    this.#http.destroy();
  }

  async #make(host: SimulatedHost): Promise<void> {
    await pause(host.random() * PACE_MS);
    while (this.#making && host.snapshot()) await pause(PACE_MS * (0.8 + 0.4 * host.random()));
  }

  async #send(host: SimulatedHost): Promise<void> {
    const { copies = 1, shuffled = false } = this.#options;
    let backoff = BACKOFF_MS.first;
    while (this.#running) {
      const batch = host.batch(shuffled);
      if (batch.length === 0) {
        await pause(20);
        continue;
      }
      const sent = await Promise.all(Array.from({ length: copies }, () => this.#push(host, batch)));
      if (sent.some((ok) => ok)) backoff = BACKOFF_MS.first;
      else {
        await pause(backoff * (0.5 + host.random()));
        backoff = Math.min(backoff * 2, BACKOFF_MS.most);
      }
    }
  }

  /** @returns whether an answer came */
  async #push(host: SimulatedHost, batch: readonly OracleSnapshot[]): Promise<boolean> {
    const { journal, urls } = this.#options;
    const all = urls();
    const url = all[Math.floor(host.random() * all.length)];
    if (url === undefined) return false;
    try {
      const { status, body } = await this.#post(url, JSON.stringify(push(...host.sections(batch))));
      count(journal.statuses, String(status));
      if (status !== 200) return false;
      host.take(batch, (JSON.parse(body) as PushAnswer).results, journal);
      return true;
    } catch (error) {
      count(journal.failures, (error as NodeJS.ErrnoException).code ?? (error as Error).name);
      return false;
    }
  }

  #post(url: string, body: string): Promise<{ readonly status: number; readonly body: string }> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.#options.token}` };
    return new Promise((resolve, reject) => {
      const sent = request(
        `${url}/v1/snapshots`,
        { method: "POST", headers, agent: this.#http, signal: AbortSignal.timeout(ANSWER_MS) },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
          });
          response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
          response.once("error", reject);
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }
}

class SimulatedHost {
  readonly random: () => number;
  readonly waiting: OracleSnapshot[] = [];
  readonly #entry: JournalHost;
  readonly #host: TestHost;
  readonly #wordSize: 32 | 64;
  readonly #until: number;
  #at: number;
  #bootedAt: number;
  #boots = 0;
  #values = NAMES.map(() => 0n);

  constructor({ seed, journal, durationMs }: FleetOptions, index: number) {
    this.random = randomOf(`${seed} host ${index}`);
    this.#host = new TestHost({
      name: `host-${index}`,
      names: NAMES,
      labels: { role: index % 2 === 0 ? "web" : "db" },
    });
    Object.assign(this.#host, { id: uuidOf(`${seed} ${index}`) });
    this.#wordSize = index % 5 === 4 ? 32 : 64;
    this.#entry = journal.add(this.#host.id, this.#host.name);
    const now = Math.floor(Date.now() / 1_000) * 1_000;
    this.#at = now - BEHIND_MS - (durationMs / PACE_MS) * EVERY_MS + index;
    this.#until = now - BEHIND_MS;
    this.#bootedAt = this.#at - 1_000_000;
    // One in five is about to wrap.
    if (this.#wordSize === 32) this.#values = this.#values.map(() => WORD_32 - 500n);
  }

  /** @returns false when its time is over */
  snapshot(): boolean {
    if (this.#at + EVERY_MS * 25 > this.#until) return false;
    const chance = this.random();
    this.#at += EVERY_MS;
    if (chance < 0.01) this.#reboot();
    else if (chance < 0.02) this.#at += EVERY_MS * Math.floor(3 + this.random() * 20);
    this.#values = this.#values.map((value, index) => {
      if (NAMES[index] === "TcpCurrEstab") return BigInt(poisson(this.random, 20));
      const grown = value + BigInt(poisson(this.random, index < 2 ? 40 : 0.3));
      return this.#wordSize === 32 ? grown % WORD_32 : grown;
    });
    const made: OracleSnapshot = {
      at: this.#at,
      uptimeMs: this.#at - this.#bootedAt,
      everyMs: EVERY_MS,
      boot: this.#boot,
      epoch: 0,
      wordSize: this.#wordSize,
      values: Object.fromEntries(NAMES.map((name, index) => [name, this.#values[index] ?? 0n])),
    };
    this.#entry.made.push(made);
    this.waiting.push(made);
    return true;
  }

  /** What is sent next: the oldest, or some of those that wait. */
  batch(shuffled: boolean): readonly OracleSnapshot[] {
    if (!shuffled) return this.waiting.slice(0, MAX_BATCH);
    const size = Math.ceil(this.random() * 10);
    return this.waiting
      .map((one) => ({ one, key: this.random() }))
      .sort((a, b) => a.key - b.key)
      .slice(0, size)
      .map(({ one }) => one);
  }

  /** One section for each boot. */
  sections(batch: readonly OracleSnapshot[]) {
    return [...byBoot(batch)].map(([boot, snapshots]) =>
      this.#host.section(
        snapshots.map(({ at, uptimeMs, values }) =>
          this.#host.snapshot(
            at,
            NAMES.map((name) => Number(values[name])),
            { uptimeMs },
          ),
        ),
        { epoch: { boot, number: 0, kernel: "6.12.0", arch: "x86_64", wordSize: this.#wordSize } },
      ),
    );
  }

  /** Results come in the order of the sections, and so do the snapshots in them. */
  take(batch: readonly OracleSnapshot[], results: PushAnswer["results"], journal: Journal): void {
    const order = [...byBoot(batch).values()].flat();
    const gone = new Set<number>();
    for (const [index, result] of results.entries()) {
      const at = order[index]?.at ?? 0;
      if (!("code" in result)) {
        this.#entry.acknowledged.add(at);
        gone.add(at);
      } else if (result.status === "retry") count(journal.failures, result.code);
      else {
        gone.add(at);
        count(journal.refused, result.code);
      }
    }
    const kept = this.waiting.filter(({ at }) => !gone.has(at));
    this.waiting.splice(0, this.waiting.length, ...kept);
  }

  get #boot(): string {
    return uuidOf(`${this.#host.id} boot ${this.#boots}`);
  }

  #reboot(): void {
    this.#boots++;
    this.#bootedAt = this.#at - 4_000;
    this.#values = this.#values.map(() => BigInt(poisson(this.random, 3)));
  }
}

function byBoot(batch: readonly OracleSnapshot[]): Map<string, OracleSnapshot[]> {
  const boots = new Map<string, OracleSnapshot[]>();
  for (const one of batch) boots.set(one.boot, [...(boots.get(one.boot) ?? []), one]);
  return boots;
}
