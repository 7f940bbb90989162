const HOUR_MS = 3_600_000;
/** What differs for so long is how it is: it is told of no more. */
const ACCEPTED_MS = 6 * HOUR_MS;
/** One that was alike for so long begins anew; one that was accepted is remembered for a day. */
const FORGOTTEN_MS = HOUR_MS;
const ACCEPTED_FORGOTTEN_MS = 24 * HOUR_MS;

/** When something differed first and last, ms since 1970. */
export interface KnownOutlier {
  readonly since: number;
  readonly last: number;
}

/** `new` at its first sight, `known` while it is news, `accepted` when it is none any more. */
export type Acquaintance = "new" | "known" | "accepted";

/**
 * For how long hosts have differed from their peers, by a name for each difference. A host with another load than
 * the others of its role, or with clients of another kind, stays so: that is told once, and then it is known.
 */
export class KnownOutliers {
  readonly #known: Map<string, KnownOutlier>;

  /** @param stored as `all` gave it */
  constructor(stored: Readonly<Record<string, KnownOutlier>> = {}) {
    this.#known = new Map(Object.entries(stored));
  }

  get all(): Readonly<Record<string, KnownOutlier>> {
    return Object.fromEntries(this.#known);
  }

  /** Takes one difference of a window. @param from and `to` of the window, ms since 1970, after those before */
  see(name: string, { from, to }: { readonly from: number; readonly to: number }): Acquaintance {
    const before = this.#known.get(name);
    const isKnown = before !== undefined && !isForgotten(before, to);
    const since = isKnown ? before.since : from;
    this.#known.set(name, { since, last: to });
    if (!isKnown) return "new";
    return to - since > ACCEPTED_MS ? "accepted" : "known";
  }

  /** Drops what was alike for long. @param to the end of the window that was taken last */
  forget(to: number): void {
    for (const [name, one] of this.#known) if (isForgotten(one, to)) this.#known.delete(name);
  }
}

function isForgotten({ since, last }: KnownOutlier, to: number): boolean {
  return to - last > (last - since > ACCEPTED_MS ? ACCEPTED_FORGOTTEN_MS : FORGOTTEN_MS);
}
