import type { Epoch as EpochRow } from "../generated/prisma/client.ts";
import type { Epoch } from "../rates/snapshot.ts";
import type { Db } from "./client.ts";
import { LruMap } from "./lru-map.ts";

export interface EpochFacts {
  readonly bootId: string;
  readonly number: number;
  readonly kernel: string;
  readonly arch: string;
  readonly wordSize: 32 | 64;
}

/** The id of an epoch of a host, made at first sight. */
export async function registerEpoch(db: Db, hostId: number, facts: EpochFacts): Promise<number> {
  const { bootId, number } = facts;
  const where = { hostId_bootId_number: { hostId, bootId, number } };
  const known = await db.epoch.findUnique({ where, select: { id: true } });
  if (known !== null) return known.id;
  const data = [{ hostId, ...facts }];
  const [made] = await db.epoch.createManyAndReturn({ data, skipDuplicates: true, select: { id: true } });
  if (made !== undefined) return made.id;
  return (await db.epoch.findUniqueOrThrow({ where, select: { id: true } })).id;
}

/** Epochs remembered at most: those of a large fleet. An agent that begins them one after another ends somewhere. */
const REMEMBERED = 50_000;

/** Epochs by id, each read once while it is remembered: what a row of it says never changes. */
export class EpochCache {
  readonly #known: LruMap<number, Epoch>;

  constructor(max = REMEMBERED) {
    this.#known = new LruMap(max);
  }

  get size(): number {
    return this.#known.size;
  }

  /** The epochs of these ids that there are. */
  async load(db: Db, ids: Iterable<number>): Promise<ReadonlyMap<number, Epoch>> {
    const found = new Map<number, Epoch>();
    const missing: number[] = [];
    for (const id of new Set(ids)) {
      const known = this.#known.get(id);
      if (known === undefined) missing.push(id);
      else found.set(id, known);
    }
    if (missing.length === 0) return found;
    for (const row of await db.epoch.findMany({ where: { id: { in: missing } } })) {
      const epoch = toEpoch(row);
      found.set(row.id, epoch);
      this.#known.set(row.id, epoch);
    }
    return found;
  }
}

function toEpoch({ id, bootId, number, wordSize }: EpochRow): Epoch {
  return { id, bootId, number, wordSize };
}
