import type { Changed } from "../../live/events.ts";
import type { Db } from "../../store/client.ts";
import { type NewAnomaly, recordAnomalies } from "../../store/incidents/anomalies.ts";
import { anomaliesById } from "../../store/incidents/anomaly-pages.ts";
import type { AnomaliesOfHosts } from "./incident-writer.ts";
import type { LastingFlags } from "./lasting.ts";

/** Whose the positions of a shard are. */
interface Positions {
  readonly namespaceAt: (position: number) => number;
  /** The host of a namespace, by their ids. */
  readonly ownerOf: ReadonlyMap<number, number>;
}

/** Records the anomalies that changed. */
export async function recordLasting(
  tx: Db,
  lasting: LastingFlags,
  { namespaceAt, ownerOf }: Positions,
): Promise<{ readonly ofHosts: AnomaliesOfHosts; readonly changed: readonly Changed[] }> {
  const anomalies = lasting.changed.flatMap(({ position, ...anomaly }) => {
    const namespaceId = namespaceAt(position);
    const hostId = ownerOf.get(namespaceId);
    return hostId === undefined ? [] : [{ hostId, namespaceId, ...anomaly }];
  });
  const { ids, changed } = await recordChanged(tx, anomalies);
  const ofHosts = new Map<number, number[]>();
  anomalies.forEach(({ hostId }, index) => {
    const id = ids[index];
    if (id !== undefined) ofHosts.set(hostId, [...(ofHosts.get(hostId) ?? []), id]);
  });
  return { ofHosts, changed };
}

/** Records anomalies. @returns their ids, in the order given, and what is told of them to those who look on */
export async function recordChanged(
  tx: Db,
  anomalies: readonly NewAnomaly[],
): Promise<{ readonly ids: readonly number[]; readonly changed: readonly Changed[] }> {
  const ids = await recordAnomalies(tx, anomalies);
  const named = anomalies.map(({ hostId }, index) => ({ hostId, id: ids[index] ?? 0 }));
  const changed = (await anomaliesById(tx, named)).map(({ id, revision }) => ({ id: String(id), revision }));
  return { ids, changed };
}
