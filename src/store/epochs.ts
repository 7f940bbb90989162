import type { Epoch as EpochRow } from "../generated/prisma/client.ts";
import type { Epoch } from "../rates/snapshot.ts";
import type { Db } from "./client.ts";

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

/** Epochs by id, each read once: what a row of it says never changes. */
export class EpochCache {
  readonly #known = new Map<number, Epoch>();

  async load(db: Db, ids: Iterable<number>): Promise<ReadonlyMap<number, Epoch>> {
    const missing = [...new Set(ids)].filter((id) => !this.#known.has(id));
    if (missing.length > 0) {
      const rows = await db.epoch.findMany({ where: { id: { in: missing } } });
      for (const row of rows) this.#known.set(row.id, toEpoch(row));
    }
    return this.#known;
  }
}

function toEpoch({ id, bootId, number, wordSize }: EpochRow): Epoch {
  return { id, bootId, number, wordSize };
}
