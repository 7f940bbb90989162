import type { Count } from "../../protocol/count.ts";
import { valueAt } from "../../rates/values.ts";
import type { Db } from "../client.ts";
import { readNewest } from "../history/newest.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";

export interface LatestValue {
  readonly name: string;
  readonly value: Count;
  /** ms since 1970 */
  readonly at: number;
}

/** The newest value of every counter of a namespace that it has; empty when there is no snapshot. */
export async function readLatest(
  reader: SnapshotReader,
  db: Db,
  namespaceId: number,
  now: number,
): Promise<LatestValue[]> {
  const record = await readNewest(db, namespaceId, now);
  const [newest] = await reader.decode(db, record === null ? [] : [record]);
  if (newest === undefined) return [];
  const { at, layout, values } = newest.snapshot;
  const latest: LatestValue[] = [];
  layout.counterIds.forEach((counterId, position) => {
    const value = valueAt(values, position);
    const name = reader.layouts.counterName(counterId);
    if (value !== null && name !== null) latest.push({ name, value, at });
  });
  return latest;
}
