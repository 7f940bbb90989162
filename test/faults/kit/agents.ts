/**
 * Many agents in one process: each makes snapshots, keeps them until they are acknowledged, and sends them again as the
 * agent does (docs/protocol.md).
 */
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { PushAnswer } from "../../../src/protocol/answer.ts";
import type { OracleSnapshot } from "../../support/oracle.ts";
import { count } from "./journal.ts";
import { type HostOptions, PACE_MS, SimulatedHost } from "./simulated-host.ts";

/** An agent waits at most so long for an answer. */
const ANSWER_MS = 15_000;
const BACKOFF_MS = { first: 50, most: 1_000 };

export interface FleetOptions extends HostOptions {
  readonly hosts: number;
  readonly token: string;
  /** Where they push, as it is at the moment; one of several at random. */
  readonly urls: () => readonly string[];
  /** Each batch is sent so often, at once. */
  readonly copies?: number;
  /** Batches are sent in any order, not oldest first. */
  readonly shuffled?: boolean;
  /** Some snapshots that were taken are sent again with another value. */
  readonly contradicting?: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/** What came of a push: null without an answer that says it, and then how long to wait at least. */
interface Sent {
  readonly results: PushAnswer["results"] | null;
  readonly againMs: number;
}

const FAILED: Sent = { results: null, againMs: 0 };

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
    const { paceMs = PACE_MS, backlog = 0 } = this.#options;
    for (let index = 0; index < backlog; index++) host.snapshot();
    await pause(host.random() * paceMs);
    while (this.#making && host.snapshot()) await pause(paceMs * (0.8 + 0.4 * host.random()));
  }

  async #send(host: SimulatedHost): Promise<void> {
    const { copies = 1, shuffled = false, contradicting = false } = this.#options;
    let backoff = BACKOFF_MS.first;
    while (this.#running) {
      const batch = host.batch(shuffled);
      if (batch.length === 0) {
        await pause(20);
        continue;
      }
      const sent = await Promise.all(Array.from({ length: copies }, () => this.#push(host, batch)));
      const again = Math.max(...sent.map(({ againMs }) => againMs));
      if (sent.some(({ results }) => results !== null)) {
        backoff = BACKOFF_MS.first;
        if (contradicting && host.random() < 0.3) await this.#contradict(host);
      } else {
        await this.#rest(again + backoff * (0.5 + host.random()));
        backoff = Math.min(backoff * 2, BACKOFF_MS.most);
      }
    }
  }

  /** Waits, unless all is over meanwhile. */
  async #rest(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (this.#running && performance.now() < end) await pause(Math.min(200, ms));
  }

  async #push(host: SimulatedHost, batch: readonly OracleSnapshot[]): Promise<Sent> {
    const sent = await this.#ask(host, batch);
    if (sent.results !== null) host.take(batch, sent.results, this.#options.journal);
    return sent;
  }

  /** Says of a snapshot that is stored that it was another. */
  async #contradict(host: SimulatedHost): Promise<void> {
    const { journal } = this.#options;
    const stored = host.anyAcknowledged();
    if (stored === undefined) return;
    const { TcpActiveOpens = 0n } = stored.values;
    const other = { ...stored, values: { ...stored.values, TcpActiveOpens: TcpActiveOpens ^ 1n } };
    const { results } = await this.#ask(host, [other]);
    const [result] = results ?? [];
    if (result === undefined || result.status === "retry") return;
    count(journal.toBeRefused, "CONFLICT");
    count(journal.refused, "code" in result ? result.code : result.status);
  }

  async #ask(host: SimulatedHost, batch: readonly OracleSnapshot[]): Promise<Sent> {
    const { journal, urls } = this.#options;
    const all = urls();
    const url = all[Math.floor(host.random() * all.length)];
    if (url === undefined) return FAILED;
    try {
      const { status, body, retryAfter } = await this.#post(url, JSON.stringify(host.message(batch)));
      count(journal.statuses, String(status));
      if (status === 200) return { results: (JSON.parse(body) as PushAnswer).results, againMs: 0 };
      if (status !== 429) return FAILED;
      if (!(Number(retryAfter) >= 0)) count(journal.statuses, "429 that does not say when to come again");
      return { results: null, againMs: Number(retryAfter) * 1_000 };
    } catch (error) {
      count(journal.failures, (error as NodeJS.ErrnoException).code ?? (error as Error).name);
      return FAILED;
    }
  }

  #post(url: string, body: string): Promise<Answer> {
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
          const { statusCode: status = 0, headers: got } = response;
          response.once("end", () => resolve({ status, body: text, retryAfter: got["retry-after"] }));
          response.once("error", reject);
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }
}
