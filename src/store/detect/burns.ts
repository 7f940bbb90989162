import type { Db } from "../client.ts";

/** The handshakes of the hosts of a role in a shard. */
export interface RoleBurnRow {
  readonly role: string;
  /** Of src/detect/detectors/burn-ring.ts. */
  readonly ring: Uint8Array;
  /** Those of these hosts that lost the most, the worst first. */
  readonly hostIds: readonly number[];
}

/** The rings of a shard's namespaces as they were written; null before they were. */
export async function readBurns(db: Db, shard: number): Promise<Uint8Array | null> {
  const row = await db.detectState.findUnique({ where: { shard }, select: { burns: true } });
  return row?.burns ?? null;
}

/** Keeps the rings of a shard, in the transaction that keeps up to when it was judged. */
export async function writeBurns(tx: Db, shard: number, burns: Buffer): Promise<void> {
  await tx.detectState.update({ where: { shard }, data: { burns: Uint8Array.from(burns) } });
}

/** @param shard null for all of them */
export function readRoleBurns(db: Db, shard: number | null): Promise<RoleBurnRow[]> {
  return db.detectBurn.findMany({
    where: shard === null ? {} : { shard },
    orderBy: [{ role: "asc" }, { shard: "asc" }],
    select: { role: true, ring: true, hostIds: true },
  });
}

/** Replaces the rings of the roles of a shard. */
export async function writeRoleBurns(tx: Db, shard: number, rows: readonly RoleBurnRow[]): Promise<void> {
  await tx.detectBurn.deleteMany({ where: { shard } });
  if (rows.length === 0) return;
  await tx.detectBurn.createMany({
    data: rows.map(({ role, ring, hostIds }) => ({
      shard,
      role,
      ring: Uint8Array.from(ring),
      hostIds: [...hostIds],
    })),
  });
}
