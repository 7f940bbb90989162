import { createHash, randomUUID } from "node:crypto";
import type { Db } from "../store/client.ts";
import { inTransaction, type PrismaClient } from "../store/client.ts";
import { joinGroup, tellFailedAgain, wakeGroupsOf } from "../store/incidents/groups.ts";
import { incidentsById } from "../store/incidents/incident-pages.ts";
import { lockOutbox, openIncidentIds, takeOutbox } from "../store/incidents/outbox.ts";
import { type ReceiverStateRecord, receiverStates } from "../store/incidents/receiver-states.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { Labels } from "../store/labels/effective.ts";
import type { Notifying } from "./in-force.ts";
import { routedLabels } from "./labels.ts";
import { groupLabelsOf, type Target, targetsOf } from "./route.ts";

/** Entries of the outbox in one transaction. */
const ENTRIES = 1_000;

export interface TakeInDeps {
  readonly db: PrismaClient;
  /** Labels that say which hosts do the same work, the first that a host has. */
  readonly roleLabels: readonly string[];
}

/**
 * Sorts what is in the outbox into the groups of those who are to hear of it, and empties it, in one transaction.
 *
 * @param everything whether all incidents that go on are sorted in as well, as when the routes are new, and what failed is told again
 * @param now ms since 1970
 * @returns whether entries may be left
 */
export function takeIn(
  { db, roleLabels }: TakeInDeps,
  notifying: Notifying,
  { everything }: { readonly everything: boolean },
  now: number,
): Promise<{ readonly more: boolean }> {
  return inTransaction(db, async (tx) => {
    await lockOutbox(tx);
    // What made a far end refuse may be mended: the address, the token, the template.
    if (everything) await tellFailedAgain(tx);
    const { entries, incidentIds } = await takeOutbox(tx, ENTRIES);
    const ids = everything ? [...new Set([...incidentIds, ...(await openIncidentIds(tx))])] : incidentIds;
    if (ids.length === 0) return { more: false };
    // Groups are locked before their members, as who looks at a group does.
    await wakeGroupsOf(tx, ids, now);
    const states = await receiverStates(tx);
    for (const incident of (await incidentsById(tx, ids)).sort((a, b) => a.id - b.id)) {
      // What nobody was told of and is over is told to nobody.
      if (incident.resolvedAt !== null) continue;
      const labels = routedLabels(incident, roleLabels);
      const targets = targetsOf(notifying.route, labels).filter(
        (target) => !isDisabled(target, notifying, states),
      );
      for (const target of targets) await join(tx, incident, target, labels, now);
    }
    // Those too that have joined one.
    await wakeGroupsOf(tx, ids, now);
    return { more: entries === ENTRIES };
  });
}

/** Whether the far end of a receiver wanted nothing more, with the settings that it has. */
export function isDisabled(
  { receiver }: Pick<Target, "receiver">,
  { receivers }: Notifying,
  states: ReadonlyMap<string, ReceiverStateRecord>,
): boolean {
  const state = states.get(receiver);
  return (
    state !== undefined &&
    state.disabledAt !== null &&
    state.settings === receivers.get(receiver)?.fingerprint
  );
}

function join(tx: Db, { id }: IncidentRecord, target: Target, labels: Labels, now: number): Promise<void> {
  const { receiver, route } = target;
  const groupLabels = groupLabelsOf(labels, target.groupBy);
  const identity = createHash("sha256")
    .update(JSON.stringify([route, groupLabels]))
    .digest("hex");
  const joining = { incidentId: id, receiver, route, labels: groupLabels, identity, key: randomUUID() };
  return joinGroup(tx, joining, now);
}
