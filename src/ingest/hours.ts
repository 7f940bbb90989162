import type { PrismaClient } from "../store/client.ts";
import { Gate } from "../store/gate.ts";
import type { Partitions } from "../store/partitions.ts";

const HOUR_MS = 3_600_000;
/** Hours known at most: several times as many as are taken in. */
const KNOWN_MAX = 1_000;

/** `open` hours take snapshots; those of `sealed` ones go another way. */
export type HourState = "open" | "sealed";

/** Which hours are open, each asked of the database once, and its partition made where it is missing. */
export class Hours {
  readonly #db: PrismaClient;
  readonly #partitions: Partitions;
  readonly #states = new Map<number, HourState>();
  /** One at a time: makers of partitions wait for each other anyway, and would hold a connection each. */
  readonly #gate = new Gate(1);

  constructor(db: PrismaClient, partitions: Partitions) {
    this.#db = db;
    this.#partitions = partitions;
  }

  /** Null when it is not known yet. @param at ms since 1970 */
  stateOf(at: number): HourState | null {
    return this.#states.get(Math.floor(at / HOUR_MS)) ?? null;
  }

  /** Learns the hours of these times that are not known. */
  async learn(times: readonly number[]): Promise<void> {
    await this.#gate.run(async () => {
      const unknown = times.filter((at) => this.stateOf(at) === null);
      if (unknown.length === 0) return;
      if (this.#states.size > KNOWN_MAX) this.#states.clear();
      await this.#partitions.ensure(this.#db, "snapshot", unknown);
      for (const at of unknown) {
        this.#states.set(Math.floor(at / HOUR_MS), this.#partitions.sealed(at) ? "sealed" : "open");
      }
    });
  }

  /** Forgets what is known: a partition has gone, or an hour was sealed. */
  forget(): void {
    this.#partitions.forget();
    this.#states.clear();
  }
}
