import { floodsOf } from "../../detect/baseline/floods.ts";
import type { Donor } from "../../detect/baseline/inherit.ts";
import { judgeOpenMinute } from "../../detect/baseline/open-minute.ts";
import type { OffsetAt } from "../../detect/baseline/season.ts";
import type { PositionFlag, ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import { inheritFirst } from "./inherit.ts";
import { type BurnStep, flagsOfBurns } from "./judge-burns.ts";
import type { LastingFlags } from "./lasting.ts";
import type { StillHosts } from "./still-hosts.ts";
import type { Suspects } from "./suspects.ts";

/** What judging the minutes of a shard learns and finds: all of it is changed. */
export interface Learned {
  readonly baselines: ShardBaselines;
  readonly lasting: LastingFlags;
  readonly still: StillHosts;
  readonly suspects: Suspects;
}

/** The minutes of a run, each list by time. */
export interface MinutesToJudge {
  /** Of minutes that were judged before, what was not in them then. */
  readonly late: readonly ShardMinute[];
  /** Minutes that are over, and whose objective burns at the end of each. */
  readonly closed: readonly ShardMinute[];
  readonly steps: readonly BurnStep[];
  /** Those after them, by what is in of them. */
  readonly open: readonly ShardMinute[];
  /** What is wrong with the data, by the start of the minute. */
  readonly problems: ReadonlyMap<number, readonly PositionFlag[]>;
  /** Slow leaks, which hours tell, by the start of the minute that is over and in which they are told. */
  readonly leaks: ReadonlyMap<number, readonly PositionFlag[]>;
  /** In other shards, by role: whom newcomers inherit from where their own has nobody. */
  readonly donors: ReadonlyMap<string, readonly Donor[]>;
}

/** Whose the positions of a shard are. */
export interface Positions {
  /** The host whose own namespace it is; null for a container's, and where the fleet shows none. */
  hostAt(position: number): number | null;
  /** Its role; null where there is none, and for a container. */
  roleAt(position: number): string | null;
  /** By how many minutes its clock is ahead of UTC at a time, by position. */
  offsetAt(time: number): OffsetAt;
}

/**
 * Judges the minutes of a shard that are over, once, and those that are not by what is in of them; notes whose
 * snapshots are to be looked at.
 *
 * @param now ms since 1970
 */
export function judgeMinutes(
  learned: Learned,
  minutes: MinutesToJudge,
  positions: Positions,
  now: number,
): void {
  const { baselines, lasting, suspects } = learned;
  const { late, closed, steps, open, problems } = minutes;
  // The last minute's flags hold for a while, also when the snapshots that they are about have been judged.
  for (const { minute, flag, position } of lasting.all) {
    if (flag.detector !== "slo_burn") suspects.add(position, minute, flag);
  }
  const problemsOf = ({ at }: ShardMinute) => problems.get(at) ?? [];
  const judge = (minute: ShardMinute, step: BurnStep | null) => {
    inheritFirst(baselines, minute, (position) => positions.roleAt(position), minutes.donors);
    const told = [...problemsOf(minute), ...(minutes.leaks.get(minute.at) ?? [])];
    judgeClosed(learned, minute, told, step, positions, now);
  };
  for (const minute of late) judge(minute, null);
  for (const [index, minute] of closed.entries()) judge(minute, steps[index] ?? null);
  for (const minute of open) {
    const end = Math.min(Math.max(now, minute.at + 1), minute.at + MINUTE_MS - 1);
    const unusual = judgeOpenMinute(baselines, minute, end, positions.offsetAt(minute.at));
    const flags = [...unusual, ...floodsOf(minute, end), ...problemsOf(minute)];
    lasting.seeOpen(minute.at, end, flags);
    suspects.addAll(minute, flags);
  }
}

function judgeClosed(
  { baselines, lasting, still, suspects }: Learned,
  minute: ShardMinute,
  told: readonly PositionFlag[],
  step: BurnStep | null,
  positions: Positions,
  now: number,
): void {
  const { flags: unusual } = baselines.evaluate(minute, positions.offsetAt(minute.at));
  const flags = [...unusual, ...floodsOf(minute, minute.at + MINUTE_MS), ...told];
  still.take(minute, (position) => positions.hostAt(position), now);
  if (step === null) lasting.closeLate(minute.at, flags, (position) => (minute.ratedMs[position] ?? 0) > 0);
  else lasting.close(minute.at, [...flags, ...flagsOfBurns(step)]);
  suspects.addAll(minute, flags);
}
