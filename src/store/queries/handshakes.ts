import type { Count } from "../../protocol/count.ts";
import { type LossShare, type LostHandshakes, lossShare } from "../../rates/loss.ts";
import type { Db } from "../client.ts";
import { DropSum } from "./drop-sum.ts";
import { Membership, shardsOf } from "./membership.ts";
import { forEachRow } from "./namespace-sums.ts";
import type { Grid } from "./range.ts";
import { readReported } from "./reported.ts";
import { planSegments } from "./resolution.ts";
import type { Reporters } from "./rollup-rows.ts";
import { oneStep, takesHours } from "./steps.ts";
import { ownerIn, readTrend, type TrendQuery } from "./trend.ts";

/** A counter that the estimate needs; an id of null is of one that no host has sent. */
export interface HandshakeCounter {
  readonly counterId: number | null;
  readonly reporters: Reporters;
}

export interface HandshakeQuery extends Pick<TrendQuery, "range" | "groups" | "fleet" | "now"> {
  readonly passiveOpens: HandshakeCounter;
  readonly listenOverflows: HandshakeCounter;
  /** Of SYNs dropped where cookies are off, and of cookies; a kernel that lacks one of these drops none by it. */
  readonly reqQFullDrop: number | null;
  readonly cookiesSent: number | null;
  readonly cookiesReceived: number | null;
  readonly cookiesFailed: number | null;
}

/** Handshakes of a group in a range. Null where nobody reported. */
export interface Handshakes {
  readonly accepted: Count | null;
  /** Lost or delayed by a second or more: an estimate. */
  readonly lost: number | null;
  /** Null as well where none was attempted. */
  readonly loss: LossShare | null;
}

/** The share lost by group and step, with the range; null as of `Handshakes`. */
export type LossCourse = readonly (LossShare | null)[];

/** The handshakes of each group over a range: the estimate is made for each namespace over the whole of it. */
export async function readHandshakes(db: Db, query: HandshakeQuery): Promise<Handshakes[]> {
  const found = await readSteps(db, query, oneStep(query.range));
  return found.map(({ accepted, total, lostAt }) => {
    const lost = lostAt(0);
    return {
      accepted: accepted[0] === null ? null : total,
      lost: lost?.lost ?? null,
      loss: shareOf(accepted[0], lost),
    };
  });
}

/** The share of handshakes lost in each step: the estimate is made for each namespace and step. */
export async function readHandshakeLoss(
  db: Db,
  query: HandshakeQuery & { readonly grid: Grid },
): Promise<LossCourse[]> {
  const found = await readSteps(db, query, query.grid);
  return found.map(({ accepted, lostAt }) => accepted.map((count, step) => shareOf(count, lostAt(step))));
}

function shareOf(accepted: number | null | undefined, lost: LostHandshakes | null): LossShare | null {
  return accepted == null || lost === null ? null : lossShare(accepted, lost);
}

interface GroupSteps {
  readonly accepted: readonly (number | null)[];
  readonly total: Count;
  /** Null where nobody reported who could have seen a drop. */
  lostAt(step: number): LostHandshakes | null;
}

async function readSteps(db: Db, query: HandshakeQuery, grid: Grid): Promise<GroupSteps[]> {
  const { range, groups, fleet, now, passiveOpens, listenOverflows } = query;
  const groupCount = groups?.labels.length ?? 1;
  const cuts = groups?.changes.map(({ from }) => from) ?? [];
  const segments = await planSegments(db, { range, hours: takesHours(grid), now, cuts });

  const drops = new DropSum(grid, new Membership(groups, ownerIn(fleet)), countersOf(query));
  const wanted = { counterIds: drops.counterIds, segments, shards: shardsOf(groups) };
  await forEachRow(db, wanted, (row) => drops.add(row));
  drops.finish();

  const none = new Array<null>(grid.length).fill(null);
  const accepted =
    passiveOpens.counterId === null
      ? []
      : await readTrend(db, {
          counterId: passiveOpens.counterId,
          reporters: passiveOpens.reporters,
          measure: "INCREASE",
          range,
          grid,
          groups,
          fleet,
          now,
        });
  const { reporters } = listenOverflows;
  const reported = sameLayouts(reporters, passiveOpens.reporters)
    ? accepted.map(({ values }) => Uint8Array.from(values, (value) => (value === null ? 0 : 1)))
    : await readReported(db, { reporters, segments, grid, groups, hostOf: ownerIn(fleet), rated: false });
  return Array.from({ length: groupCount }, (_, group) => ({
    accepted: accepted[group]?.values ?? none,
    total: accepted[group]?.total ?? 0,
    lostAt: (step) => (reported[group]?.[step] === 1 ? drops.lostAt(group, step) : null),
  }));
}

function sameLayouts(a: Reporters, b: Reporters): boolean {
  const known = new Set(a.layoutIds);
  return a.layoutIds.length === b.layoutIds.length && b.layoutIds.every((id) => known.has(id));
}

/** The counters of drops, in the order of the columns of `DropSum`. */
function countersOf(query: HandshakeQuery): (number | null)[] {
  const { listenOverflows, reqQFullDrop, cookiesSent, cookiesReceived, cookiesFailed } = query;
  return [listenOverflows.counterId, reqQFullDrop, cookiesSent, cookiesReceived, cookiesFailed];
}
