/**
 * Sends requests at the moments at which they are due, whatever has become of those before: one that waits for its
 * connection waits in the figures too.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, Connection } from "../ingest/connection.ts";
import type { Request } from "../ingest/stream.ts";
import { percentile } from "../support/percentile.ts";
import type { Ran } from "./generator-protocol.ts";
import { Tally } from "./tally.ts";

export interface Due {
  /** ms since 1970 */
  readonly atMs: number;
  readonly label: string;
  readonly client: Client;
  readonly request: Request;
}

const RESOLUTION_MS = 5;
const BACKOFF_MS = 1_000;

/** A finer clock than Date.now(), and one that no step bends during a run. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** One connection that stays open, and what waits for it. */
export class Client {
  readonly #isGood: (answer: Answer, request: Request) => boolean;
  readonly #port: number;
  #connection: Connection;
  #queue: { readonly due: Due; readonly tally: Tally }[] = [];
  #busy = false;
  #left = false;

  /** @param isGood whether an answer is what was asked for; one that is not ends the run */
  constructor(port: number, isGood: (answer: Answer, request: Request) => boolean) {
    this.#port = port;
    this.#isGood = isGood;
    this.#connection = new Connection(port);
  }

  /** @param onFault called with what ends the run */
  offer(due: Due, tally: Tally, onFault: (error: Error) => void): void {
    this.#queue.push({ due, tally });
    if (!this.#busy) this.#work().catch(onFault);
  }

  disconnect(): void {
    this.#connection.close();
    this.#connection = new Connection(this.#port);
  }

  /** Gives up what is under way or waits. */
  leave(): void {
    this.#left = true;
    const now = nowMs();
    for (const { due, tally } of this.#queue) tally.unanswered(now - due.atMs);
    this.#queue = [];
    this.disconnect();
  }

  get isIdle(): boolean {
    return !this.#busy;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    this.#left = false;
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        await this.#exchange(next.due, next.tally);
        // Those that were given up are gone from the queue already.
        if (this.#queue[0] === next) this.#queue.shift();
      }
    } finally {
      this.#busy = false;
    }
  }

  async #exchange({ atMs, label, request }: Due, tally: Tally): Promise<void> {
    while (!this.#left) {
      const answer = await this.#connection.send(request.bytes).catch(() => null);
      if (this.#left) return;
      if (answer !== null && this.#isGood(answer, request)) {
        tally.answered(request, nowMs() - atMs);
        return;
      }
      // Told to come back or cut, as agents are: what that takes counts.
      if (answer !== null && answer.status !== 503 && answer.status !== 429)
        throw new Error(`${label}: ${answer.status} ${answer.body.slice(0, 300)}`);
      tally.again++;
      await sleep(BACKOFF_MS * Math.random());
    }
  }
}

/**
 * @param plan in no order; what was due already is left out and counted
 * @param drainMs how long answers are waited for after the last was due
 * @throws Error when an answer is not what was asked for
 */
export async function sendAll(plan: readonly Due[], drainMs: number): Promise<Ran> {
  const begun = nowMs();
  const dues = plan.filter(({ atMs }) => atMs >= begun).sort((one, other) => one.atMs - other.atMs);
  const tallies = new Map<string, Tally>(plan.map(({ label }) => [label, new Tally()]));
  const late: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const cpu = process.cpuUsage();
  let fault: Error | null = null;
  const onFault = (error: Error) => {
    fault ??= error;
  };
  for (let next = 0; next < dues.length && fault === null; ) {
    const now = nowMs();
    for (let due = dues[next]; due !== undefined && due.atMs <= now; due = dues[++next]) {
      late.push(now - due.atMs);
      due.client.offer(due, tallies.get(due.label) ?? new Tally(), onFault);
    }
    await sleep(Math.max(1, (dues[next]?.atMs ?? 0) - nowMs()));
  }
  const seconds = (nowMs() - begun) / 1_000;
  const clients = [...new Set(dues.map(({ client }) => client))];
  const end = nowMs() + drainMs;
  while (fault === null && nowMs() < end && clients.some(({ isIdle }) => !isIdle)) await sleep(20);
  for (const client of clients) if (!client.isIdle) client.leave();
  delay.disable();
  if (fault !== null) throw fault;
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds,
    sent: Object.fromEntries([...tallies].map(([label, tally]) => [label, tally.sent()])),
    own: {
      cpuMs: (user + system) / 1_000,
      lateP99Ms: percentile(late, 0.99),
      // Each look at the loop waits so long itself.
      loopP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
      skipped: plan.length - dues.length,
    },
  };
}
