import type { Db } from "./client.ts";
import { FIRST_OTHER_NAMESPACE, readNamespaceOwners } from "./directory.ts";

/** Everything is read again this often: until then a namespace that was deleted is still shown. */
const RELOAD_MS = 600_000;
/**
 * Ids are drawn before they are committed, so a lower one may appear after a higher one. Those seen within this
 * time are asked for again; no transaction that makes a namespace lasts as long.
 */
const OVERLAP_MS = 15_000;
/** And not more of them than this, so that the looks right after everything was read do not read it again. */
const OVERLAP_IDS = 10_000;

interface Highest {
  readonly root: number;
  readonly other: number;
}

const NONE: Highest = { root: 0, other: 0 };

/**
 * Which namespace belongs to which host, kept up to date by asking for the new ones only: containers come and
 * go by the hundred on each host, and no namespace ever changes its host.
 */
export class NamespaceOwners {
  readonly #db: Db;
  #ownerOf = new Map<number, number>();
  #reloadedAt = Number.NEGATIVE_INFINITY;
  /** Up to where everything is known for certain. */
  #settled = NONE;
  /** The highest ids of each look within the overlap, oldest first. */
  #looks: { readonly at: number; readonly highest: Highest }[] = [];

  constructor(db: Db) {
    this.#db = db;
  }

  /**
   * Host id by namespace id. The map is the same one each time, and grows.
   *
   * @param now ms since 1970
   */
  async read(now: number): Promise<ReadonlyMap<number, number>> {
    const reload = Math.abs(now - this.#reloadedAt) >= RELOAD_MS;
    while (this.#looks[0] !== undefined && now - this.#looks[0].at >= OVERLAP_MS) {
      this.#settled = this.#looks.shift()?.highest ?? this.#settled;
    }
    const highest = this.#looks.at(-1)?.highest ?? this.#settled;
    const above = {
      root: Math.max(this.#settled.root, highest.root - OVERLAP_IDS),
      other: Math.max(this.#settled.other, highest.other - OVERLAP_IDS),
    };
    const rows = await readNamespaceOwners(this.#db, reload ? NONE : above);
    if (reload) {
      this.#ownerOf = new Map();
      this.#reloadedAt = now;
    }
    let { root, other } = highest;
    for (const { namespaceId, hostId } of rows) {
      this.#ownerOf.set(namespaceId, hostId);
      if (namespaceId < FIRST_OTHER_NAMESPACE) root = Math.max(root, namespaceId);
      else other = Math.max(other, namespaceId);
    }
    this.#looks.push({ at: now, highest: { root, other } });
    return this.#ownerOf;
  }
}
