import type { Count } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { ExactSums } from "./exact-sums.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Range } from "./range.ts";
import { clipSegments, type Segment } from "./resolution.ts";
import { BUCKET_MS, countIncreaseRows, readIncreaseRows } from "./rollup-rows.ts";
import { partsOf } from "./steps.ts";

/** Rows held at once. */
const ROWS_PER_PART = 6_000;

/** Calls for each row of some counters in the order of time, a bounded number of rows at a time. */
export async function forEachRow(
  db: Db,
  query: {
    readonly counterIds: readonly number[];
    readonly segments: readonly Segment[];
    readonly shards: readonly number[] | null;
  },
  visit: (row: PackedRow) => void,
): Promise<void> {
  const { counterIds, segments, shards } = query;
  const rows = await countIncreaseRows(db, counterIds, segments);
  if (rows === 0) return;
  for (const part of partsOfSegments(segments, ROWS_PER_PART / rows)) {
    for (const row of await readIncreaseRows(db, counterIds, clipSegments(segments, part), shards))
      visit(row);
  }
}

/** The time of the segments in parts of this share of it each, of whole minutes and hours. */
export function* partsOfSegments(segments: readonly Segment[], share: number): Generator<Range> {
  const [from, to] = [segments[0]?.from, segments.at(-1)?.to];
  if (from === undefined || to === undefined) return;
  const unit = Math.max(...segments.map(({ of }) => BUCKET_MS[of]));
  yield* partsOf({ from, to }, { start: Math.floor(from / unit) * unit, stepMs: unit }, (to - from) * share);
}

/** What every namespace did over a range: a counter's increase and the part of it that no rate may use. */
export class NamespaceSums {
  readonly #shards = new Map<number, { value: ExactSums; unrated: ExactSums }>();
  readonly #buffer = new PositionBuffer();

  add({ shard, data }: PackedRow): void {
    const buffer = this.#buffer;
    const count = readPositions(data, buffer);
    let sums = this.#shards.get(shard);
    if (sums === undefined) {
      sums = { value: new ExactSums(SHARD_SIZE), unrated: new ExactSums(SHARD_SIZE) };
      this.#shards.set(shard, sums);
    }
    for (let index = 0; index < count; index++) {
      const position = buffer.positions[index] as number;
      sums.value.add(position, buffer.valueAt(index));
      if (buffer.unrated[index] !== 0) sums.unrated.add(position, buffer.unratedAt(index));
    }
  }

  /** Those that grew. */
  *entries(): Generator<{ readonly namespaceId: number; readonly value: Count; readonly unrated: Count }> {
    for (const [shard, { value, unrated }] of this.#shards) {
      for (let position = 0; position < SHARD_SIZE; position++) {
        const grown = value.at(position);
        if (grown === 0) continue;
        yield { namespaceId: shard * SHARD_SIZE + position, value: grown, unrated: unrated.at(position) };
      }
    }
  }

  valueOf(namespaceId: number): Count {
    return this.#shards.get(namespaceId >> 8)?.value.at(namespaceId % SHARD_SIZE) ?? 0;
  }
}
