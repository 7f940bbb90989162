import type { PackedRow } from "./packed-rows.ts";
import type { Grid, Range } from "./range.ts";
import { HOUR_MS } from "./resolution.ts";

/** The step that a minute or hour lies in; the first for an hour that began before the grid does. */
export function stepOf({ start, stepMs }: Grid, bucket: number): number {
  return Math.max(0, Math.floor((bucket - start) / stepMs));
}

/** Whether hours are fine enough: no step ends within one. */
export function takesHours({ stepMs, length }: Grid): boolean {
  return length === 1 || stepMs % HOUR_MS === 0;
}

/** One step as wide as a range: a question that has one answer and no course. It begins with a whole hour. */
export function oneStep({ from, to }: Range): Grid {
  const start = Math.floor(from / HOUR_MS) * HOUR_MS;
  return { start, stepMs: to - start, length: 1 };
}

/**
 * A range in parts, each of whole steps and of as little more than `partMs` as steps allow: what is held at once
 * is bounded by the fleet and not by the range.
 */
export function* partsOf(
  range: Range,
  grid: Pick<Grid, "start" | "stepMs">,
  partMs: number,
): Generator<Range> {
  const { start, stepMs } = grid;
  const length = Math.max(1, Math.ceil(partMs / stepMs)) * stepMs;
  for (
    let from = start + Math.floor((range.from - start) / stepMs) * stepMs;
    from < range.to;
    from += length
  ) {
    yield { from: Math.max(from, range.from), to: Math.min(from + length, range.to) };
  }
}

/** Rows of two lists, each in the order of time, in the order of time; of one bucket the first list's come first. */
export function* inOrder(
  first: readonly PackedRow[],
  second: readonly PackedRow[],
): Generator<{ readonly row: PackedRow; readonly isFirst: boolean }> {
  let [a, b] = [0, 0];
  for (;;) {
    const [one, other] = [first[a], second[b]];
    if (one !== undefined && (other === undefined || one.bucket <= other.bucket)) {
      a++;
      yield { row: one, isFirst: true };
    } else if (other !== undefined) {
      b++;
      yield { row: other, isFirst: false };
    } else return;
  }
}
