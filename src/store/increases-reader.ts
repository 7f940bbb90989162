import { type Increases, increasesOf } from "../rates/increases.ts";
import { type Interval, intervalOf, PREDECESSOR_MAX_MS } from "../rates/interval.ts";
import type { Snapshot } from "../rates/snapshot.ts";
import type { Db } from "./client.ts";
import { readPredecessors } from "./history/predecessors.ts";
import { type Lookup, lookupOf, type SnapshotRecord } from "./history/record.ts";
import type { SnapshotReader } from "./history/snapshot-reader.ts";

export interface NamespaceIncrease {
  readonly namespaceId: number;
  readonly snapshot: Snapshot;
  readonly interval: Interval;
  readonly increases: Increases;
}

/** What records, and what lies before them, are read for. */
export interface LookBack {
  /** Records before this, ms since 1970, are there to be measured from: no increase is told of them. */
  readonly since?: number;
  /**
   * How far back to look for where a pause began. It changes no increase, but says of a baseline whether it is a first
   * sight or ends a gap.
   */
  readonly pausesMs?: number;
}

/**
 * The increases up to each of these snapshots, with what lies before the first ones looked up.
 *
 * @param records sorted by namespace and time, and for each namespace without holes: all there is in a span
 * @throws UnreadableError
 */
export async function readIncreases(
  reader: SnapshotReader,
  db: Db,
  records: readonly SnapshotRecord[],
  { since = Number.NEGATIVE_INFINITY, pausesMs = PREDECESSOR_MAX_MS }: LookBack = {},
): Promise<NamespaceIncrease[]> {
  const own = await reader.decode(db, records);
  const before = await readBefore(reader, db, records, since, pausesMs);
  const told: NamespaceIncrease[] = [];
  let namespace = -1;
  let last: Snapshot | null = null;
  // The last one of each epoch but the newest: a namespace has one epoch at a time, unless it is a clone's.
  let others: Map<number, Snapshot> | null = null;
  for (const { namespaceId, snapshot } of own) {
    if (namespaceId !== namespace) {
      namespace = namespaceId;
      last = null;
      others = null;
    }
    const { id } = snapshot.epoch;
    if (snapshot.at >= since) {
      const previous: Snapshot | null =
        last?.epoch.id === id
          ? last
          : (others?.get(id) ?? before.previous.get(keyOf({ namespaceId, epochId: id })) ?? null);
      const interval = intervalOf(snapshot, previous, last ?? before.earlier.get(namespaceId) ?? null);
      told.push({ namespaceId, snapshot, interval, increases: increasesOf(snapshot, interval) });
    }
    if (last !== null && last.epoch.id !== id) {
      others ??= new Map();
      others.set(last.epoch.id, last);
    }
    last = snapshot;
  }
  return told;
}

interface Before {
  /** By namespace and epoch. */
  readonly previous: Map<string, Snapshot>;
  /** By namespace, of any epoch. */
  readonly earlier: Map<number, Snapshot>;
}

/** What lies before the first snapshots of a minute; `records` are sorted by namespace and time. */
async function readBefore(
  reader: SnapshotReader,
  db: Db,
  records: readonly SnapshotRecord[],
  since: number,
  pausesMs: number,
): Promise<Before> {
  const firsts = new Map<string, Lookup>();
  const firstOfAll = new Map<number, Lookup>();
  /** Namespaces and epochs of which there is a record before `since`: it is what they are measured from. */
  const answered = new Set<string | number>();
  let last: SnapshotRecord | null = null;
  for (const record of records) {
    const again = record.namespace_id === last?.namespace_id && record.epoch_id === last.epoch_id;
    last = record;
    if (again) continue;
    const lookup = lookupOf(record);
    const key = keyOf(lookup);
    if (lookup.at < since) answered.add(key).add(lookup.namespaceId);
    if (!answered.has(key) && !firsts.has(key)) firsts.set(key, lookup);
    if (!answered.has(lookup.namespaceId) && !firstOfAll.has(lookup.namespaceId))
      firstOfAll.set(lookup.namespaceId, lookup);
  }
  const before: Before = { previous: new Map(), earlier: new Map() };

  // The newest of any epoch is nearly always the one of the same epoch: one look-up answers both questions.
  const newest = await findBefore(reader, db, [...firsts.values()], PREDECESSOR_MAX_MS, false);
  const unanswered: Lookup[] = [];
  for (const [key, lookup] of firsts) {
    const found = newest.get(key);
    // Where there is none of any epoch, there is none of this.
    if (found === undefined) continue;
    if (found.epoch.id === lookup.epochId) before.previous.set(key, found);
    else unanswered.push(lookup);
  }
  for (const [key, found] of await findBefore(reader, db, unanswered, PREDECESSOR_MAX_MS, true)) {
    before.previous.set(key, found);
  }

  // Only a namespace with an unanswered first snapshot asks what was there long before.
  const nothing: Lookup[] = [];
  for (const [namespaceId, lookup] of firstOfAll) {
    const found = newest.get(keyOf(lookup));
    if (found !== undefined) before.earlier.set(namespaceId, found);
    else nothing.push(lookup);
  }
  if (pausesMs <= PREDECESSOR_MAX_MS) return before;
  const longAgo = await findBefore(reader, db, nothing, pausesMs, false, PREDECESSOR_MAX_MS);
  for (const lookup of nothing) {
    const found = longAgo.get(keyOf(lookup));
    if (found === undefined) continue;
    before.earlier.set(lookup.namespaceId, found);
    // Too old to measure from, and yet the predecessor: the pause between is a gap, and no first sight.
    if (found.epoch.id === lookup.epochId) before.previous.set(keyOf(lookup), found);
  }
  return before;
}

function keyOf({ namespaceId, epochId }: Pick<Lookup, "namespaceId" | "epochId">): string {
  return `${namespaceId} ${epochId}`;
}

/** The snapshots found before the lookups, by namespace and the epoch they were wanted for. */
async function findBefore(
  reader: SnapshotReader,
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  sameEpoch: boolean,
  emptyMs?: number,
): Promise<Map<string, Snapshot>> {
  const found = new Map<string, Snapshot>();
  if (lookups.length === 0) return found;
  const rows = await readPredecessors(db, lookups, withinMs, sameEpoch, emptyMs);
  const decoded = await reader.decode(db, rows);
  decoded.forEach(({ namespaceId, snapshot }, index) => {
    found.set(`${namespaceId} ${rows[index]?.wanted_epoch}`, snapshot);
  });
  return found;
}
