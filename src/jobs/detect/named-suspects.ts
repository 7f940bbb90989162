import type { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { Db } from "../../store/client.ts";
import { FIRST_OTHER_NAMESPACE } from "../../store/directory.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import type { AnomaliesOfHosts } from "./incident-writer.ts";
import type { Suspect } from "./judge-namespaces.ts";
import { peerEvidence } from "./peer-evidence.ts";
import type { Suspects } from "./suspects.ts";
import { usualAt } from "./usual.ts";
import type { ZoneOffsets } from "./zone-offsets.ts";

export interface NamingDeps {
  readonly tx: Db;
  readonly fleet: Pick<Fleet, "ownerOf">;
  readonly baselines: ShardBaselines;
  readonly namespaceAt: (position: number) => number;
  readonly offsets: ZoneOffsets;
}

/**
 * The suspects of a shard with what is known of them besides: what is usual there, and how their hosts differ from
 * the others of their roles.
 *
 * @param anomalies of their hosts, found in this run
 * @returns with the anomalies that are evidence of the incidents of their hosts
 */
export async function nameSuspects(
  { tx, fleet, baselines, namespaceAt, offsets }: NamingDeps,
  suspects: Suspects,
  anomalies: AnomaliesOfHosts,
): Promise<{ readonly suspects: readonly Suspect[]; readonly anomalies: AnomaliesOfHosts }> {
  // Hosts are compared by their own namespaces; of a container that says nothing.
  const hostAt = (position: number) => {
    const id = namespaceAt(position);
    return id >= FIRST_OTHER_NAMESPACE ? null : (fleet.ownerOf.get(id) ?? null);
  };
  const hostIds = suspects.all.flatMap(([position]) => hostAt(position) ?? []);
  const peers = await peerEvidence(tx, hostIds);
  const evidence = new Map(anomalies);
  for (const [hostId, { ids }] of peers) evidence.set(hostId, [...(evidence.get(hostId) ?? []), ...ids]);
  return {
    anomalies: evidence,
    suspects: suspects.all.map(([position, suspicion]) => ({
      namespaceId: namespaceAt(position),
      ...suspicion,
      beside: peers.get(hostAt(position) ?? -1)?.flags ?? [],
      usualAt: (at) => usualAt(baselines, position, at, offsets.at(at)(position)),
    })),
  };
}
