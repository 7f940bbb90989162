import type { Flag } from "../../detect/flag.ts";
import type { Db } from "../../store/client.ts";
import { readAnomaliesBy } from "../../store/incidents/anomaly-pages.ts";

/** Series of one host that are told of beside a diagnosis: the newest. */
const EVIDENCE_MAX = 5;

/** How a host differs from the others of its role now: what is said beside a diagnosis, and what it is kept as. */
export interface PeerEvidence {
  readonly flags: readonly Flag[];
  /** Ids of the anomalies. */
  readonly ids: readonly number[];
}

/** @returns by host; one that is as the others is not in it */
export async function peerEvidence(
  tx: Db,
  hostIds: readonly number[],
): Promise<ReadonlyMap<number, PeerEvidence>> {
  if (hostIds.length === 0) return new Map();
  const page = { after: null, limit: EVIDENCE_MAX };
  const open = await readAnomaliesBy(tx, "hostId", hostIds, { detector: ["peers"], open: true }, page);
  return new Map(
    [...open].map(([hostId, anomalies]) => [
      hostId,
      {
        ids: anomalies.map(({ id }) => id),
        flags: anomalies.map(
          (one): Flag => ({
            detector: "peers",
            series: one.counter ?? "",
            from: one.startedAt,
            to: one.judgedAt,
            observed: one.value,
            expected: one.expectedHigh ?? 0,
            low: one.expectedLow ?? 0,
            high: one.expectedHigh ?? 0,
            z: one.score,
            share: null,
            text: one.explanation,
          }),
        ),
      },
    ]),
  );
}
