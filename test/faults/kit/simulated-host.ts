/**
 * A host and its agent's queue, both made up: it reboots, wraps at 32 bits, pauses, and its clock may jump.
 *
 * Its time runs fast, and behind: fifty times as quick as ours, and hours ago when the run ends, so that every minute
 * and hour that it tells of is over.
 */
import { poisson, randomOf, uuidOf } from "../../../src/demo/random.ts";
import type { PushAnswer } from "../../../src/protocol/answer.ts";
import type { Push } from "../../../src/protocol/message.ts";
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
export const PACE_MS = 200;
const HOUR_MS = 3_600_000;
/** Behind our clock all the time, so that an hour that is told of is over. */
const BEHIND_MS = 2 * HOUR_MS;
const TEN_YEARS_MS = 3_652 * 24 * HOUR_MS;
const MAX_BATCH = 100;
const WORD_32 = 2n ** 32n;
const ODD_MS = 137;

export interface HostOptions {
  readonly seed: string;
  readonly journal: Journal;
  /** Clocks of hosts jump by an hour, or are ten years off until the service tells the time. */
  readonly jumping?: boolean;
  /** So many snapshots wait when it begins. */
  readonly backlog?: number;
  /** The time between two snapshots of a host, in ms of ours; a fifth of a second by default. */
  readonly paceMs?: number;
  /** How long snapshots are made at most, in ms of ours. */
  readonly durationMs: number;
}

export class SimulatedHost {
  readonly random: () => number;
  readonly waiting: OracleSnapshot[] = [];
  readonly #entry: JournalHost;
  readonly #host: TestHost;
  readonly #wordSize: 32 | 64;
  readonly #until: number;
  readonly #jumping: boolean;
  readonly #journal: Journal;
  #at: number;
  #bootedAt: number;
  #boots = 0;
  /** Of the boot: a clock that goes back begins another. */
  #epoch = 0;
  /** Milliseconds by which the host's own clock is off; what it says of itself in each push. */
  #skewMs = 0;
  #values = NAMES.map(() => 0n);

  constructor(options: HostOptions, index: number) {
    const { seed, journal, durationMs, backlog = 0, paceMs = PACE_MS, jumping = false } = options;
    this.#journal = journal;
    this.#jumping = jumping;
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
    // And a few that pauses take.
    const steps = backlog * 1.5 + Math.ceil(durationMs / paceMs);
    this.#at = now - BEHIND_MS - steps * EVERY_MS - (jumping ? 6 * HOUR_MS : 0) + index;
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
    else if (this.#jumping && chance < 0.05) this.#jump();
    this.#values = this.#values.map((value, index) => {
      if (NAMES[index] === "TcpCurrEstab") return BigInt(poisson(this.random, 20));
      const grown = value + BigInt(poisson(this.random, index < 2 ? 40 : 0.3));
      return this.#wordSize === 32 ? grown % WORD_32 : grown;
    });
    this.#add(this.#at);
    return true;
  }

  #add(at: number): void {
    const made: OracleSnapshot = {
      at,
      uptimeMs: this.#at - this.#bootedAt,
      everyMs: EVERY_MS,
      boot: this.#boot,
      epoch: this.#epoch,
      wordSize: this.#wordSize,
      values: Object.fromEntries(NAMES.map((name, index) => [name, this.#values[index] ?? 0n])),
    };
    this.#entry.made.push(made);
    this.waiting.push(made);
  }

  /**
   * What the real agent makes of a clock that jumps (docs/protocol.md): forwards it follows within its epoch, backwards
   * by more than minutes it begins another, and before the service has told it the time it dates by its own clock.
   */
  #jump(): void {
    const kind = Math.floor(this.random() * 4);
    this.#skewMs = [HOUR_MS, -HOUR_MS, TEN_YEARS_MS, -TEN_YEARS_MS][kind] ?? 0;
    if (kind === 0 && this.#at + HOUR_MS + EVERY_MS * 25 < this.#until) this.#move(HOUR_MS);
    else if (kind === 1) {
      this.#epoch++;
      // Never the same millisecond twice.
      this.#move(ODD_MS - HOUR_MS);
    } else if (kind >= 2) {
      this.#epoch++;
      this.#add(this.#at + this.#skewMs);
      count(this.#journal.toBeRefused, kind === 2 ? "FUTURE" : "TOO_OLD");
      this.#epoch++;
      this.#at += EVERY_MS;
    }
  }

  /** The clock, and not the uptime. */
  #move(ms: number): void {
    this.#at += ms;
    this.#bootedAt += ms;
  }

  anyAcknowledged(): OracleSnapshot | undefined {
    const { made, acknowledged } = this.#entry;
    const one = made[Math.floor(this.random() * made.length)];
    return one !== undefined && acknowledged.has(one.at) ? one : undefined;
  }

  message(batch: readonly OracleSnapshot[]): Push {
    const message = push(...this.#sections(batch));
    return { ...message, agent: { ...message.agent, clock: message.agent.clock + this.#skewMs } };
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

  /** One section for each epoch. */
  #sections(batch: readonly OracleSnapshot[]) {
    return byEpoch(batch).map(({ boot, epoch: number, snapshots }) =>
      this.#host.section(
        snapshots.map(({ at, uptimeMs, values }) =>
          this.#host.snapshot(
            at,
            NAMES.map((name) => Number(values[name])),
            { uptimeMs },
          ),
        ),
        { epoch: { boot, number, kernel: "6.12.0", arch: "x86_64", wordSize: this.#wordSize } },
      ),
    );
  }

  /** Results come in the order of the sections, and so do the snapshots in them. */
  take(batch: readonly OracleSnapshot[], results: PushAnswer["results"], journal: Journal): void {
    const order = byEpoch(batch).flatMap(({ snapshots }) => snapshots);
    const gone = new Set<number>();
    for (const [index, result] of results.entries()) {
      const at = order[index]?.at ?? 0;
      if (!("code" in result)) {
        this.#entry.acknowledged.add(at);
        gone.add(at);
      } else if (result.status === "retry") count(journal.failures, result.code);
      else {
        gone.add(at);
        // Sent twice it is refused twice.
        if (!this.#entry.refused.has(at)) count(journal.refused, result.code);
        this.#entry.refused.add(at);
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
    this.#epoch = 0;
    this.#bootedAt = this.#at - 4_000;
    this.#values = this.#values.map(() => BigInt(poisson(this.random, 3)));
  }
}

interface OfEpoch {
  readonly boot: string;
  readonly epoch: number;
  readonly snapshots: OracleSnapshot[];
}

/** In the order in which they first come. */
function byEpoch(batch: readonly OracleSnapshot[]): OfEpoch[] {
  const epochs = new Map<string, OfEpoch>();
  for (const one of batch) {
    const { boot, epoch } = one;
    const key = `${boot} ${epoch}`;
    const own = epochs.get(key) ?? { boot, epoch, snapshots: [] };
    epochs.set(key, own);
    own.snapshots.push(one);
  }
  return [...epochs.values()];
}
