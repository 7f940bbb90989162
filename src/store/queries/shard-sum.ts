import { SHARD_SIZE } from "../codec/positions.ts";
import type { ShardMembers } from "./membership.ts";

/** What the namespaces of a shard did in the step so far, by position. */
export interface ShardSum {
  readonly members: ShardMembers;
  readonly increase: Float64Array;
  readonly rated: Float64Array;
  readonly coveredMs: Float64Array;
  /** The positions of which anything was added, each once. */
  readonly touched: number[];
  readonly isTouched: Uint8Array;
  /** Something was added of most positions: all of them are looked at, and the list is not kept. */
  whole: boolean;
}

export function emptyShardSum(members: ShardMembers): ShardSum {
  return {
    members,
    increase: new Float64Array(SHARD_SIZE),
    rated: new Float64Array(SHARD_SIZE),
    coveredMs: new Float64Array(SHARD_SIZE),
    touched: [],
    isTouched: new Uint8Array(SHARD_SIZE),
    whole: false,
  };
}

/** Something was added of a position. */
export function touch({ touched, isTouched }: ShardSum, position: number): void {
  if (isTouched[position] === 1) return;
  isTouched[position] = 1;
  touched.push(position);
}
