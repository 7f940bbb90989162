import type { WireListeners } from "../../protocol/message.ts";
import { PREDECESSOR_MAX_MS } from "../../rates/interval.ts";
import type { Snapshot } from "../../rates/snapshot.ts";
import type { Db } from "../client.ts";
import { listenersOf } from "../history/listener-lists.ts";
import { readListenerSamples } from "../history/listener-samples.ts";
import { type Lookup, lookupOf, type Span } from "../history/record.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { readListenerSpan, readSpan } from "../history/span.ts";
import { withoutUnreadable } from "../history/unreadable.ts";

/** A snapshot, with the listeners that were sampled up to it; null where there were none to see. */
export interface ObservedSnapshot {
  readonly snapshot: Snapshot;
  readonly listeners: WireListeners | null;
}

/**
 * The snapshots of namespaces in a span, each by time, and before them the lists of listeners that theirs build on.
 *
 * @returns by namespace; one without a snapshot in the span has none, nor has one of which something cannot be read:
 * its rollups are set aside and told of, and the others are judged
 */
export function readObservations(
  db: Db,
  reader: SnapshotReader,
  namespaceIds: readonly number[],
  span: Span,
): Promise<Map<number, ObservedSnapshot[]>> {
  return withoutUnreadable((without) => {
    const readable = namespaceIds.filter((id) => !without.has(id));
    return read(db, reader, readable, span);
  });
}

async function read(
  db: Db,
  reader: SnapshotReader,
  namespaceIds: readonly number[],
  span: Span,
): Promise<Map<number, ObservedSnapshot[]>> {
  const observed = new Map<number, ObservedSnapshot[]>();
  if (namespaceIds.length === 0) return observed;
  const records = await readSpan(db, { namespaceIds }, span);
  const lists = new Map((await readListenerSpan(db, { namespaceIds }, span)).map((one) => [keyOf(one), one]));
  const firsts = new Map<string, Lookup>();
  for (const record of records) {
    const epoch = `${record.namespace_id} ${record.epoch_id}`;
    if (!firsts.has(epoch)) firsts.set(epoch, lookupOf(record));
  }
  const before = await readListenerSamples(db, [...firsts.values()], PREDECESSOR_MAX_MS);
  for (const one of before) lists.set(keyOf(one), one);
  for (const { namespaceId, snapshot } of await reader.decode(db, [...before, ...records])) {
    const list = lists.get(keyOf({ namespace_id: namespaceId, at: snapshot.at }));
    const one = { snapshot, listeners: list === undefined ? null : listenersOf(list) };
    const own = observed.get(namespaceId);
    if (own === undefined) observed.set(namespaceId, [one]);
    else own.push(one);
  }
  for (const own of observed.values()) own.sort((a, b) => a.snapshot.at - b.snapshot.at);
  return observed;
}

function keyOf({ namespace_id, at }: { readonly namespace_id: number; readonly at: number }): string {
  return `${namespace_id} ${Math.round(at)}`;
}
