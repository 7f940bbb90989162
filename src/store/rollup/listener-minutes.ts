import type { WireListeners } from "../../protocol/message.ts";
import { PREDECESSOR_MAX_MS } from "../../rates/interval.ts";
import {
  isComplete,
  LISTED_MS,
  ListenerHistory,
  type ListenerSample,
  type ListenersOfMinute,
} from "../../rates/listeners.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { listenersOf } from "../history/listener-lists.ts";
import { readListenerSamples } from "../history/listener-samples.ts";
import type { ListenersRecord, Lookup, Span, Whose } from "../history/record.ts";
import type { NamespaceSnapshot, SnapshotReader } from "../history/snapshot-reader.ts";
import { readListenerSpan } from "../history/span.ts";

/** The counter that says that a listener has refused connections. */
const DROPS = "TcpExtListenDrops";

/** What the listeners of a namespace did in a minute. */
export interface NamespaceListeners extends ListenersOfMinute {
  readonly namespaceId: number;
}

/** What the listeners did in the minutes of a span. */
export interface ListenerMinutes {
  /** By minute. */
  readonly minutes: ReadonlyMap<number, readonly NamespaceListeners[]>;
  /** The last sample of each namespace and epoch: later ones may be measured from it. */
  readonly last: readonly Lookup[];
}

/** @param snapshots those of the span, by namespace and time */
export async function readListenerMinutes(
  reader: SnapshotReader,
  db: Db,
  whose: Whose,
  span: Span,
  snapshots: readonly NamespaceSnapshot[],
): Promise<ListenerMinutes> {
  const minutes = new Map<number, NamespaceListeners[]>();
  const last: Lookup[] = [];
  const records = await readListenerSpan(db, whose, span);
  if (records.length === 0) return { minutes, last };
  const own = samplesOf(records, snapshots);
  const before = await readBefore(reader, db, own);
  const dropsId = await reader.layouts.counterId(db, DROPS);
  for (const [namespaceId, samples] of own) {
    const history = new ListenerHistory(dropsId, offsetOf(namespaceId));
    history.take(before.get(namespaceId) ?? []);
    for (const [minute, some] of groupBy(samples, ({ snapshot }) => minuteOf(snapshot.at))) {
      const made = history.minute(some);
      if (Object.values(made).every((list) => list.length === 0)) continue;
      const there = minutes.get(minute);
      if (there === undefined) minutes.set(minute, [{ namespaceId, ...made }]);
      else there.push({ namespaceId, ...made });
    }
    for (const [epochId, of] of byEpoch(samples)) {
      const at = of.at(-1)?.snapshot.at;
      if (at !== undefined) last.push({ namespaceId, epochId, at });
    }
  }
  return { minutes, last };
}

/** Namespaces that follow one another begin their hours in minutes that do. */
function offsetOf(namespaceId: number): number {
  return (namespaceId * MINUTE_MS) % LISTED_MS;
}

/** The listener samples of each namespace, by time. */
function samplesOf(
  records: readonly ListenersRecord[],
  snapshots: readonly NamespaceSnapshot[],
): Map<number, ListenerSample[]> {
  const decode = sameAgainDecoder();
  const samples = new Map<number, ListenerSample[]>();
  let index = 0;
  for (const record of records) {
    const at = Math.round(record.at);
    // Both are sorted alike. A snapshot that was committed between the two statements has its mark, and waits.
    while (index < snapshots.length && isBefore(snapshots[index], record.namespace_id, at)) index++;
    const found = snapshots[index];
    if (found?.namespaceId !== record.namespace_id || found.snapshot.at !== at) continue;
    const sample = { snapshot: found.snapshot, listeners: decode(record) };
    const all = samples.get(record.namespace_id);
    if (all === undefined) samples.set(record.namespace_id, [sample]);
    else all.push(sample);
  }
  return samples;
}

function isBefore(one: NamespaceSnapshot | undefined, namespaceId: number, at: number): boolean {
  if (one === undefined) return false;
  return one.namespaceId < namespaceId || (one.namespaceId === namespaceId && one.snapshot.at < at);
}

function byEpoch(samples: readonly ListenerSample[]): Map<number, ListenerSample[]> {
  return groupBy(samples, ({ snapshot }) => snapshot.epoch.id);
}

/** In the order given; the groups in the order of their first. */
function groupBy<T>(all: readonly T[], keyOf: (one: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/** Quiet listeners are listed in the same bytes again and again: those are parsed once. */
function sameAgainDecoder(): (record: ListenersRecord) => WireListeners {
  let last: { bytes: Uint8Array; listeners: WireListeners } | null = null;
  return (record) => {
    if (last === null || Buffer.compare(last.bytes, record.listeners) !== 0) {
      last = { bytes: record.listeners, listeners: listenersOf(record) };
    }
    return last.listeners;
  };
}

/** The list before is nearly always the one of the interval before. */
const NEAR_MS = 2 * MINUTE_MS;

/** What has to be known of each namespace from before its first samples; nothing where nothing was listed. */
async function readBefore(
  reader: SnapshotReader,
  db: Db,
  own: ReadonlyMap<number, readonly ListenerSample[]>,
): Promise<Map<number, ListenerSample[]>> {
  const lookups: Lookup[] = [];
  for (const [namespaceId, samples] of own) {
    for (const [epochId, of] of byEpoch(samples)) {
      const [first] = of;
      if (first !== undefined && needsBefore(of))
        lookups.push({ namespaceId, at: first.snapshot.at, epochId });
    }
  }
  const near = await readSamples(reader, db, lookups, NEAR_MS);
  const isAnswered = (lookup: Lookup) =>
    near.get(keyOf(lookup))?.some(({ listeners }) => isComplete(listeners)) === true;
  const unanswered = lookups.filter((lookup) => !isAnswered(lookup));
  const far = await readSamples(reader, db, unanswered, PREDECESSOR_MAX_MS);
  const before = new Map<number, ListenerSample[]>();
  for (const lookup of lookups) {
    const found = (isAnswered(lookup) ? near : far).get(keyOf(lookup)) ?? [];
    before.set(lookup.namespaceId, [...(before.get(lookup.namespaceId) ?? []), ...found]);
  }
  return before;
}

/** A list that is empty and not complete says nothing that depends on lists before it. */
function needsBefore(samples: readonly ListenerSample[]): boolean {
  return samples.some(({ listeners }) => listeners.sockets.length > 0 || isComplete(listeners));
}

/** The samples before each of the lookups, by namespace and epoch. */
async function readSamples(
  reader: SnapshotReader,
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
): Promise<Map<string, ListenerSample[]>> {
  const records = await readListenerSamples(db, lookups, withinMs);
  const snapshots = await reader.decode(db, records);
  const decode = sameAgainDecoder();
  const found = new Map<string, ListenerSample[]>();
  snapshots.forEach(({ namespaceId, snapshot }, index) => {
    const record = records[index];
    if (record === undefined) return;
    const key = keyOf({ namespaceId, epochId: snapshot.epoch.id });
    const sample = { snapshot, listeners: decode(record) };
    const all = found.get(key);
    if (all === undefined) found.set(key, [sample]);
    else all.push(sample);
  });
  return found;
}

function keyOf({ namespaceId, epochId }: Pick<Lookup, "namespaceId" | "epochId">): string {
  return `${namespaceId} ${epochId}`;
}
