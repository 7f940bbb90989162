import type { Host, PrismaClient } from "../generated/prisma/client.ts";
import { type Db, inTransaction } from "./client.ts";
import { rememberHosts } from "./forget-hosts.ts";
import { columnsOf, lockHost, recordLabels, sourcesOf } from "./labels/change.ts";
import { shareRules } from "./labels/current-rules.ts";
import { effectiveLabels, type Labels, sameLabels } from "./labels/effective.ts";

/** What an agent says of its host, and what its token says of it. */
export interface HostFacts {
  readonly name: string;
  readonly machineId: string | null;
  readonly labels: Labels;
  /** They are those of a host that is new: of one that is known nothing is said by them. */
  readonly labelsIfNew?: boolean;
  /** Labels that the token forces; none when left out. */
  readonly forcedLabels?: Labels;
}

/**
 * The host of an agent id, made at first sight and bound to the key it was first seen with. The caller
 * compares the key: when two agents come at once with one id, one of them has lost.
 */
export async function registerHost(
  db: PrismaClient,
  agentId: string,
  keyHash: Uint8Array,
  facts: HostFacts,
): Promise<Host> {
  // Looked up first: an insert that conflicts burns an id.
  const known = await knownHost(db, agentId, keyHash);
  if (known !== null) return known;
  const made = await inTransaction(db, async (tx) => {
    const sources = {
      set: {},
      forced: facts.forcedLabels ?? {},
      file: (await shareRules(tx))(facts.name),
      agent: facts.labels,
    };
    const { name, machineId } = facts;
    const [made] = await tx.host.createManyAndReturn({
      data: [{ agentId, keyHash: Uint8Array.from(keyHash), name, machineId, ...columnsOf(sources) }],
      skipDuplicates: true,
    });
    if (made === undefined) return null;
    const labels = { ...effectiveLabels(sources) };
    await tx.hostLabelHistory.createMany({ data: [{ hostId: made.id, since: made.firstSeen, labels }] });
    return made;
  });
  return made ?? db.host.findUniqueOrThrow({ where: { agentId } });
}

/** The host of an agent id, shown again if it was forgotten and this is its key; null when there is none. */
async function knownHost(db: Db, agentId: string, keyHash: Uint8Array): Promise<Host | null> {
  const host = await db.host.findUnique({ where: { agentId } });
  if (host === null || host.forgottenAt === null || Buffer.compare(host.keyHash, keyHash) !== 0) return host;
  // It may go for good at this very moment: then it is registered anew.
  const remembered = await rememberHosts(db, [host.id]);
  return remembered === 0 ? null : db.host.findUnique({ where: { agentId } });
}

/**
 * Keeps what is said of a host now, where it differs from what was said before.
 *
 * @param since ms since 1970: from when on other labels hold
 * @returns what is kept of it now
 */
export async function updateHostFacts(
  db: PrismaClient,
  hostId: number,
  facts: HostFacts,
  since: number,
): Promise<HostFacts> {
  const stored = await db.host.findUnique({ where: { id: hostId } });
  if (stored === null) return facts;
  if (saysSame(stored, facts)) return { ...facts, labels: sourcesOf(stored).agent };
  return inTransaction(db, async (tx) => {
    // The rules before the host: whoever applies rules locks them in this order.
    const fileLabels = await shareRules(tx);
    const host = await lockHost(tx, hostId);
    if (host === null) return facts;
    const before = sourcesOf(host);
    const after = {
      set: before.set,
      forced: facts.forcedLabels ?? {},
      file: fileLabels(facts.name),
      agent: labelsAfter(facts, before.agent),
    };
    const { name, machineId } = facts;
    await tx.host.update({
      where: { id: hostId },
      data: { name, machineId, ...columnsOf(after), revision: { increment: 1 } },
    });
    await recordLabels(tx, [{ hostId, before, after }], since);
    return { ...facts, labels: after.agent };
  });
}

/** The labels of its own that a known host has once these facts were said of it. */
export function labelsAfter({ labels, labelsIfNew }: HostFacts, before: Labels): Labels {
  return labelsIfNew === true ? before : labels;
}

function saysSame(host: Host, facts: HostFacts): boolean {
  const { agent, forced } = sourcesOf(host);
  return (
    host.name === facts.name &&
    host.machineId === facts.machineId &&
    sameLabels(agent, labelsAfter(facts, agent)) &&
    sameLabels(forced, facts.forcedLabels ?? {})
  );
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
  await db.host.updateMany({
    where: { id: hostId },
    data: { capabilities: list, revision: { increment: 1 } },
  });
}
