import type { PrismaClient } from "../../store/client.ts";
import { storeFault } from "../../store/errors.ts";
import { type FillOutcome, type FillRow, fillSnapshots } from "../../store/fill-snapshots.ts";
import { LayoutUnions } from "../../store/layout-unions.ts";

/** Filled together at most. */
const ROWS_AT_ONCE = 1_000;
/** The first of them waits so long for company: requests whose commit was one are answered one after another. */
const GATHER_MS = 10;
/** Waiting at most; beyond it requests are told to come back. */
const PENDING_ROWS = 20_000;

interface Waiting {
  readonly rows: readonly FillRow[];
  readonly resolve: (outcomes: FillOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Fills snapshots with the parts that came later: together those that come within a moment, and while some are filled the
 * next gather, whichever request they are of. The busier the service, the less each costs.
 */
export class FillQueue {
  readonly #db: PrismaClient;
  readonly #unions: LayoutUnions;
  #waiting: Waiting[] = [];
  #waitingRows = 0;
  #isFilling = false;

  constructor(db: PrismaClient) {
    this.#db = db;
    this.#unions = new LayoutUnions(db);
  }

  /** True when no more may be taken in. */
  get full(): boolean {
    return this.#waitingRows >= PENDING_ROWS;
  }

  /** @returns and throws as fillSnapshots */
  submit(rows: readonly FillRow[]): Promise<FillOutcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      this.#waitingRows += rows.length;
      if (this.#isFilling) return;
      this.#isFilling = true;
      setTimeout(() => void this.#fillAll(), GATHER_MS);
    });
  }

  async #fillAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group: Waiting[] = [];
      let count = 0;
      for (const one of this.#waiting) {
        if (group.length > 0 && count + one.rows.length > ROWS_AT_ONCE) break;
        group.push(one);
        count += one.rows.length;
      }
      this.#waiting = this.#waiting.slice(group.length);
      this.#waitingRows -= count;
      await this.#fill(group);
    }
    this.#isFilling = false;
  }

  async #fill(group: readonly Waiting[]): Promise<void> {
    try {
      const rows = group.flatMap((one) => one.rows);
      const outcomes = (await fillSnapshots(this.#db, this.#unions, rows)).values();
      for (const one of group) one.resolve(one.rows.map(() => outcomes.next().value ?? "closed"));
    } catch (error) {
      if (storeFault(error) === "unavailable") this.#refuse(group, error);
      // What is wrong with the rows of one request is none of the others'.
      else if (group.length > 1) for (const one of group) await this.#fill([one]);
      else for (const one of group) one.reject(error);
    }
  }

  /** Also those that wait: each of them would wait for the database as long, and find the same. */
  #refuse(group: readonly Waiting[], error: unknown): void {
    for (const one of [...group, ...this.#waiting]) one.reject(error);
    this.#waiting = [];
    this.#waitingRows = 0;
  }
}
