import type { PrismaClient } from "../client.ts";

export interface FleetSize {
  readonly hosts: number;
  /** When a snapshot of any of them was last taken in, in ms; null when none ever was. */
  readonly heardAt: number | null;
}

/** How many hosts a database knows, and when it last heard of one. */
export async function readFleetSize(db: PrismaClient): Promise<FleetSize> {
  const [hosts, { _max: newest }] = await Promise.all([
    db.host.count({ where: { forgottenAt: null } }),
    db.hostStatus.aggregate({ _max: { lastSeen: true } }),
  ]);
  return { hosts, heardAt: newest.lastSeen?.getTime() ?? null };
}
