import {
  BOOT_TIME as BOOT_TIME_NAME,
  isConstant,
  isGauge,
  START_TIME as START_TIME_NAME,
} from "../catalog/catalog.ts";
import { BOOT_TIME, CONSTANT, GAUGE, type Layout, START_TIME } from "../rates/snapshot.ts";
import type { Db } from "./client.ts";
import { LruMap } from "./lru-map.ts";

/** How long the list of layouts is good: as long as that of the fleet is (`FleetView`). */
const LIST_MS = 1_000;

/** Names that the service keeps at most. A kernel has some 330; a sender that invents names must end somewhere. */
export const COUNTERS_MAX = 20_000;
/** Layouts that the service keeps at most. A fleet has one or two for each kernel that it runs. */
export const LAYOUTS_MAX = 5_000;

export interface StoredLayout {
  readonly id: number;
  readonly length: number;
}

/** A layout by its hash; null when the service has not seen it. */
export async function findLayout(db: Db, hash: string): Promise<StoredLayout | null> {
  const row = await db.layout.findUnique({ where: { hash } });
  return row === null ? null : { id: row.id, length: row.counterIds.length };
}

/**
 * Keeps a layout and the counters that are new in it.
 *
 * @returns null when its new counters would exceed COUNTERS_MAX, or itself LAYOUTS_MAX
 */
export async function registerLayout(
  db: Db,
  hash: string,
  names: readonly string[],
): Promise<StoredLayout | null> {
  const known = await findLayout(db, hash);
  if (known !== null) return known;
  if ((await db.layout.count()) >= LAYOUTS_MAX) return null;

  const find = () => db.counter.findMany({ where: { name: { in: [...names] } } });
  let counters = await find();
  if (counters.length < names.length) {
    // In one order whoever adds them, so that no two wait for each other.
    const missing = names.filter((name) => !counters.some((counter) => counter.name === name)).sort();
    if ((await db.counter.count()) + missing.length > COUNTERS_MAX) return null;
    await db.counter.createMany({ data: missing.map((name) => ({ name })), skipDuplicates: true });
    counters = await find();
  }
  const ids = new Map(counters.map((counter) => [counter.name, counter.id]));
  const counterIds = names.map((name) => ids.get(name) ?? -1);
  await db.layout.createMany({ data: [{ hash, counterIds }], skipDuplicates: true });
  return findLayout(db, hash);
}

/**
 * Layouts and counter names, each read once while it is remembered: a row of either never changes. There are no more
 * names than COUNTERS_MAX.
 */
export class LayoutCache {
  readonly #layouts: LruMap<number, Layout>;
  readonly #names = new Map<number, string>();
  readonly #ids = new Map<string, number>();
  readonly #now: () => number;
  #all: { readonly at: number; readonly layouts: Promise<ReadonlyMap<number, Layout>> } | null = null;

  constructor(now: () => number = Date.now, max = LAYOUTS_MAX) {
    this.#now = now;
    this.#layouts = new LruMap(max);
  }

  get size(): number {
    return this.#layouts.size;
  }

  /** The layouts of these ids that there are. */
  async load(db: Db, ids: Iterable<number>): Promise<ReadonlyMap<number, Layout>> {
    const found = new Map<number, Layout>();
    const missing: number[] = [];
    for (const id of new Set(ids)) {
      const known = this.#layouts.get(id);
      if (known === undefined) missing.push(id);
      else found.set(id, known);
    }
    if (missing.length === 0) return found;
    const rows = await db.layout.findMany({ where: { id: { in: missing } } });
    await this.#loadNames(db, new Set(rows.flatMap((row) => row.counterIds)));
    for (const { id, counterIds } of rows) {
      const gauges = counterIds.map((counterId) => gaugeMark(this.#names.get(counterId) ?? ""));
      const layout = { id, counterIds: Int32Array.from(counterIds), gauges: Uint8Array.from(gauges) };
      found.set(id, layout);
      this.#layouts.set(id, layout);
    }
    return found;
  }

  /** Every layout there is. The list of them is read at most once a second, however many counters are looked up. */
  loadAll(db: Db): Promise<ReadonlyMap<number, Layout>> {
    const now = this.#now();
    if (this.#all === null || Math.abs(now - this.#all.at) >= LIST_MS) {
      const all = { at: now, layouts: this.#readAll(db) };
      this.#all = all;
      all.layouts.catch(() => {
        if (this.#all === all) this.#all = null;
      });
    }
    return this.#all.layouts;
  }

  async #readAll(db: Db): Promise<ReadonlyMap<number, Layout>> {
    const rows = await db.layout.findMany({ select: { id: true } });
    return this.load(
      db,
      rows.map((row) => row.id),
    );
  }

  /** The id of a counter by its full name; null when no host has ever sent it. */
  async counterId(db: Db, name: string): Promise<number | null> {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const row = await db.counter.findUnique({ where: { name } });
    if (row === null) return null;
    this.#remember(row.id, row.name);
    return row.id;
  }

  /** The name of a counter of a loaded layout. */
  counterName(id: number): string | null {
    return this.#names.get(id) ?? null;
  }

  async #loadNames(db: Db, ids: ReadonlySet<number>): Promise<void> {
    const missing = [...ids].filter((id) => !this.#names.has(id));
    if (missing.length === 0) return;
    for (const row of await db.counter.findMany({ where: { id: { in: missing } } })) {
      this.#remember(row.id, row.name);
    }
  }

  #remember(id: number, name: string): void {
    this.#names.set(id, name);
    this.#ids.set(name, id);
  }
}

/** What `Layout.gauges` says of a name. */
function gaugeMark(name: string): number {
  if (name === BOOT_TIME_NAME) return BOOT_TIME;
  if (name === START_TIME_NAME) return START_TIME;
  if (isConstant(name)) return CONSTANT;
  return isGauge(name) ? GAUGE : 0;
}

/** Names of every counter that any host has sent, sorted. */
export async function counterNames(db: Db): Promise<string[]> {
  const rows = await db.counter.findMany({ select: { name: true }, orderBy: { name: "asc" } });
  return rows.map((row) => row.name);
}
