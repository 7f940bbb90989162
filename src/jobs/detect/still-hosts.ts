import type { ShardMinute } from "../../detect/columns.ts";
import { MINUTE_MS } from "../../rates/minute.ts";

/** Since when a host reports and its segments stand still. Starts of minutes, ms since 1970. */
export interface Still {
  readonly since: number;
  readonly last: number;
}

/**
 * Only what is judged about when it was says that a host stands still: what comes late may be of a time in which it
 * had no network, and stood still for that.
 */
const IN_TIME_MS = 3 * MINUTE_MS;

/** The hosts of a shard that report while neither segments in nor out are counted, by id. */
export class StillHosts {
  readonly #still: Map<string, Still>;

  /** @param stored as `all` gave it */
  constructor(stored: unknown) {
    this.#still = new Map(Object.entries(stored as Readonly<Record<string, Still>>));
  }

  get all(): Readonly<Record<string, Still>> {
    return Object.fromEntries(this.#still);
  }

  /**
   * Takes a minute that is over, in the order of the minutes.
   *
   * @param hostAt the host whose own namespace is at a position; null for containers, which may stand still
   */
  take(minute: ShardMinute, hostAt: (position: number) => number | null, now: number): void {
    if (now - minute.at > MINUTE_MS + IN_TIME_MS) return;
    const columns = ["TcpInSegs", "TcpOutSegs"].map((name) => minute.increases.get(name));
    for (const [position, ratedMs] of minute.ratedMs.entries()) {
      if (ratedMs <= 0) continue;
      const host = hostAt(position);
      if (host === null) continue;
      // Of a kernel that lacks one nothing is said.
      const isStill = columns.every((column) => (column?.[position] ?? 0) === 0);
      const key = String(host);
      if (isStill) this.#still.set(key, { since: this.#still.get(key)?.since ?? minute.at, last: minute.at });
      else this.#still.delete(key);
    }
  }
}

/** Since when a host stands still, for who judges presence; null when that is not known of now. */
export function stillSince(still: Still | undefined, now: number): number | null {
  return still !== undefined && now - still.last <= MINUTE_MS + IN_TIME_MS ? still.since : null;
}
