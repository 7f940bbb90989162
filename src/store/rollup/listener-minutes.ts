import type { WireListeners } from "../../protocol/message.ts";
import { PREDECESSOR_MAX_MS } from "../../rates/interval.ts";
import { isComplete, type ListenerMinute, type ListenerSample, listenersIn } from "../../rates/listeners.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { decodeListeners } from "../codec/listeners.ts";
import { readListenerSamples } from "../history/listener-samples.ts";
import type { ListenersRecord, Lookup } from "../history/record.ts";
import type { NamespaceSnapshot, SnapshotReader } from "../history/snapshot-reader.ts";
import { readListenerSpan } from "../history/span.ts";

/** The counter that says that a listener has refused connections. */
const DROPS = "TcpExtListenDrops";

/** What the listeners of a namespace did in a minute. */
export interface NamespaceListeners {
  readonly namespaceId: number;
  readonly listeners: readonly ListenerMinute[];
  /** The last sample of each epoch in the minute: later ones may be measured from it. */
  readonly last: readonly Lookup[];
}

/** @param snapshots those of the minute, by namespace and time */
export async function readListenerMinutes(
  reader: SnapshotReader,
  db: Db,
  shard: number,
  minute: number,
  snapshots: readonly NamespaceSnapshot[],
): Promise<NamespaceListeners[]> {
  const records = await readListenerSpan(db, { shard }, { from: minute, to: minute + MINUTE_MS });
  if (records.length === 0) return [];
  const own = samplesOf(records, snapshots);
  const before = await readBefore(reader, db, own);
  const dropsId = await reader.layouts.counterId(db, DROPS);
  return [...own].map(([namespaceId, samples]) => ({
    namespaceId,
    listeners: listenersIn(before.get(namespaceId) ?? [], samples, dropsId),
    last: [...byEpoch(samples)].map(([epochId, of]) => ({
      namespaceId,
      epochId,
      at: of.at(-1)?.snapshot.at ?? minute,
    })),
  }));
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
    const sample = { snapshot: found.snapshot, listeners: decode(record.listeners) };
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
  const epochs = new Map<number, ListenerSample[]>();
  for (const sample of samples) {
    const { id } = sample.snapshot.epoch;
    const all = epochs.get(id);
    if (all === undefined) epochs.set(id, [sample]);
    else all.push(sample);
  }
  return epochs;
}

/** Quiet listeners are listed in the same bytes again and again: those are parsed once. */
function sameAgainDecoder(): (bytes: Uint8Array) => WireListeners {
  let last: { bytes: Uint8Array; listeners: WireListeners } | null = null;
  return (bytes) => {
    if (last === null || Buffer.compare(last.bytes, bytes) !== 0) {
      last = { bytes, listeners: decodeListeners(bytes) };
    }
    return last.listeners;
  };
}

/** What has to be known of each namespace from before the minute; nothing where nothing was listed in it. */
async function readBefore(
  reader: SnapshotReader,
  db: Db,
  own: ReadonlyMap<number, readonly ListenerSample[]>,
): Promise<Map<number, ListenerSample[]>> {
  const near: Lookup[] = [];
  for (const [namespaceId, samples] of own) {
    for (const [epochId, of] of byEpoch(samples)) {
      const [first] = of;
      if (first !== undefined && needsBefore(of)) near.push({ namespaceId, at: first.snapshot.at, epochId });
    }
  }
  const before = new Map<number, ListenerSample[]>();
  const take = async (lookups: readonly Lookup[], withinMs: number): Promise<Set<string>> => {
    const records = await readListenerSamples(db, lookups, withinMs);
    const decoded = await reader.decode(db, records);
    const decode = sameAgainDecoder();
    const anchored = new Set<string>();
    const found = new Map<string, ListenerSample[]>();
    records.forEach((record, index) => {
      const snapshot = decoded[index]?.snapshot;
      if (snapshot === undefined) return;
      const sample = { snapshot, listeners: decode(record.listeners) };
      const key = `${record.namespace_id} ${record.epoch_id}`;
      if (isComplete(sample.listeners)) anchored.add(key);
      const all = found.get(key);
      if (all === undefined) found.set(key, [sample]);
      else all.push(sample);
    });
    for (const { namespaceId, epochId } of lookups) {
      const key = `${namespaceId} ${epochId}`;
      // What was found without a complete list is found again, with more, by the look that goes further.
      if (!anchored.has(key) && withinMs < PREDECESSOR_MAX_MS) continue;
      before.set(namespaceId, [...(before.get(namespaceId) ?? []), ...(found.get(key) ?? [])]);
    }
    return anchored;
  };
  const anchored = await take(near, NEAR_MS);
  await take(
    near.filter(({ namespaceId, epochId }) => !anchored.has(`${namespaceId} ${epochId}`)),
    PREDECESSOR_MAX_MS,
  );
  return before;
}

/** The list before is nearly always the one of the interval before. */
const NEAR_MS = 2 * MINUTE_MS;

/** A list that is empty and not complete says nothing that depends on lists before it. */
function needsBefore(samples: readonly ListenerSample[]): boolean {
  return samples.some(({ listeners }) => listeners.sockets.length > 0);
}
