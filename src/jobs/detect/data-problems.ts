import type { PositionFlag } from "../../detect/baseline/shard-baselines.ts";
import { judgeInvariants } from "../../detect/detectors/invariants.ts";
import type { Flag } from "../../detect/flag.ts";
import type { Db } from "../../store/client.ts";
import { SHARD_SIZE } from "../../store/codec/positions.ts";
import { type FellRecord, readFell, readFellOfShard } from "../../store/data-problems.ts";
import type { Span } from "../../store/history/record.ts";
import type { LayoutCache } from "../../store/layouts.ts";

/** A reason to trust nothing that a host says around a time. */
export interface DataProblem {
  readonly namespaceId: number;
  readonly flag: Flag;
}

/** What is wrong with the data of hosts in a span: by host, by time. */
export async function problemsOfHosts(
  db: Db,
  layouts: LayoutCache,
  hostIds: readonly number[],
  span: Span,
): Promise<ReadonlyMap<number, readonly DataProblem[]>> {
  const problems = new Map<number, DataProblem[]>();
  for (const { hostId, ...fell } of await readFell(db, hostIds, span)) {
    const own = problems.get(hostId) ?? [];
    problems.set(hostId, own);
    own.push(...flagsOf(layouts, fell).map((flag) => ({ namespaceId: fell.namespaceId, flag })));
  }
  return problems;
}

/** The same of the namespaces of a shard: by minute, of each position. */
export async function problemsOfShard(
  db: Db,
  layouts: LayoutCache,
  shard: number,
  span: Span,
): Promise<ReadonlyMap<number, readonly PositionFlag[]>> {
  const problems = new Map<number, PositionFlag[]>();
  for (const { minute, ...fell } of await readFellOfShard(db, shard, span)) {
    const own = problems.get(minute) ?? [];
    problems.set(minute, own);
    own.push(...flagsOf(layouts, fell).map((flag) => ({ position: fell.namespaceId % SHARD_SIZE, flag })));
  }
  return problems;
}

/** What a rollup met, as the detector of invariants puts it. */
function flagsOf(layouts: LayoutCache, { at, counterIds }: FellRecord): Flag[] {
  return fellFlags(
    at,
    counterIds.map((id) => layouts.counterName(id) ?? `counter ${id}`),
  );
}

/**
 * Counters that fell in a snapshot, as the detector of invariants puts it; of the rest that it judges nothing is known
 * here.
 *
 * @param at ms since 1970
 * @param fell full names
 */
export function fellFlags(at: number, fell: readonly string[]): Flag[] {
  const problems = judgeInvariants({
    from: at,
    at,
    receivedAt: at,
    fell,
    listenOverflows: null,
    listenDrops: null,
    retransmits: null,
    synRetransmits: null,
    listenerShows: null,
  });
  return problems.filter(({ suppresses }) => suppresses).map(({ flag }) => flag);
}
