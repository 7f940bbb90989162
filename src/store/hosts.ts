import type { Host } from "../generated/prisma/client.ts";
import type { Db } from "./client.ts";

/** What an agent says of its host. */
export interface HostFacts {
  readonly name: string;
  readonly machineId: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The host of an agent id, made at first sight and bound to the key it was first seen with. The caller
 * compares the key: when two agents come at once with one id, one of them has lost.
 */
export async function registerHost(
  db: Db,
  agentId: string,
  keyHash: Uint8Array,
  facts: HostFacts,
): Promise<Host> {
  // Looked up first: an insert that conflicts burns an id.
  const known = await db.host.findUnique({ where: { agentId } });
  if (known !== null) return known;
  await db.host.createMany({
    data: [{ agentId, keyHash: Uint8Array.from(keyHash), ...facts, labels: { ...facts.labels } }],
    skipDuplicates: true,
  });
  return db.host.findUniqueOrThrow({ where: { agentId } });
}

export async function updateHostFacts(db: Db, hostId: number, facts: HostFacts): Promise<void> {
  await db.host.updateMany({ where: { id: hostId }, data: { ...facts, labels: { ...facts.labels } } });
}

/** What an agent can see on a host, and what it cannot and why. */
export interface Capability {
  readonly name: string;
  readonly available: boolean;
  /** Null when available. */
  readonly reason: string | null;
}

export async function keepCapabilities(
  db: Db,
  hostId: number,
  capabilities: readonly Capability[],
): Promise<void> {
  const list = capabilities.map(({ name, available, reason }) => ({ name, available, reason }));
  await db.host.updateMany({ where: { id: hostId }, data: { capabilities: list } });
}
