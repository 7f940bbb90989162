import { layoutHash } from "../../protocol/layout.ts";
import { LruMap } from "../../store/lru-map.ts";

/** Orders of counters remembered at most. */
const REMEMBERED = 5_000;

export interface SampleLayout {
  readonly hash: string;
  /** Sorted, each once. */
  readonly names: readonly string[];
  /** For each of them where it stood first among those that came. */
  readonly places: readonly number[];
}

/** The layouts of samples: a sender sends the same counters in the same order again and again. */
export class SampleLayouts {
  readonly #known = new LruMap<string, SampleLayout>(REMEMBERED);
  /** What was asked for last: hosts of one kernel, one after another, ask for the same. */
  #last: { readonly came: readonly string[]; readonly layout: SampleLayout } | null = null;
  /** Hashes of those that the service has taken. It keeps a few thousand, and each for good. */
  readonly #taken = new Set<string>();

  /** @param came names in the order in which they came; one may be there twice */
  of(came: readonly string[]): SampleLayout {
    if (this.#last !== null && isSame(this.#last.came, came)) return this.#last.layout;
    const key = came.join(" ");
    let layout = this.#known.get(key);
    if (layout === undefined) {
      const names = [...new Set(came)].sort();
      layout = { hash: layoutHash(names), names, places: names.map((name) => came.indexOf(name)) };
      this.#known.set(key, layout);
    }
    this.#last = { came, layout };
    return layout;
  }

  /** Whether the names have to be told with it. */
  isNew(hash: string): boolean {
    return !this.#taken.has(hash);
  }

  /** Takes note of whether a snapshot of a layout was taken, or its names have to be told once more. */
  note(hash: string, isTaken: boolean): void {
    if (isTaken) this.#taken.add(hash);
    else this.#taken.delete(hash);
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, place) => name === b[place]);
}
