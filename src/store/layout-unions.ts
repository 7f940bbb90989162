import { START_TIME } from "../catalog/catalog.ts";
import { layoutHash } from "../protocol/layout.ts";
import type { PrismaClient } from "./client.ts";
import { registerLayout } from "./layouts.ts";
import { LruMap } from "./lru-map.ts";

/** Remembered at most: parts of scrapes are cut in some hundreds of places. */
const REMEMBERED = 2_000;

/** The layout that has the counters of two, and where in it the counters of each stand. */
export interface LayoutUnion {
  readonly id: number;
  readonly length: number;
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Where in it the time stands at which the counters began; -1 where neither has it. */
  readonly startTime: number;
}

/** Unions of layouts, each made once while it is remembered: a row of neither table that it rests on ever changes. */
export class LayoutUnions {
  readonly #db: PrismaClient;
  readonly #known = new LruMap<string, LayoutUnion>(REMEMBERED);

  constructor(db: PrismaClient) {
    this.#db = db;
  }

  /** The union of two layouts by their ids; null where the service keeps as many layouts as it may. */
  async of(first: number, second: number): Promise<LayoutUnion | null> {
    const key = `${first} ${second}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = await this.#make(first, second);
    if (made !== null) this.#known.set(key, made);
    return made;
  }

  async #make(first: number, second: number): Promise<LayoutUnion | null> {
    const rows = await this.#db.$queryRaw<{ id: number; name: string }[]>`
      SELECT l.id, c.name FROM layout l, unnest(l.counter_ids) WITH ORDINALITY AS own(id, place)
      JOIN counter c USING (id) WHERE l.id IN (${first}::int, ${second}::int) ORDER BY own.place`;
    const namesOf = (layout: number) => rows.flatMap(({ id, name }) => (id === layout ? [name] : []));
    const [own, more] = [namesOf(first), namesOf(second)];
    const names = [...new Set([...own, ...more])].sort();
    const stored = await registerLayout(this.#db, layoutHash(names), names);
    if (stored === null) return null;
    const places = new Map(names.map((name, place) => [name, place]));
    const placesOf = (list: readonly string[]) => Int32Array.from(list, (name) => places.get(name) ?? -1);
    return {
      id: stored.id,
      length: names.length,
      first: placesOf(own),
      second: placesOf(more),
      startTime: names.indexOf(START_TIME),
    };
  }
}
