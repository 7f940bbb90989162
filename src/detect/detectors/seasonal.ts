import type { Evaluation } from "../baseline/evaluation.ts";
import { OUT_Z } from "../baseline/evaluation.ts";
import { countFlag, type Flag } from "../flag.ts";
import type { Series } from "../series.ts";
import { plain } from "../words.ts";

/** The time of an evaluation, ms since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** One evaluation so far out is enough; two running that are out at all. */
const ALONE_Z = 6;
/** Fewer events are never too many. */
const COUNT_MIN = 3;

/** Whether an evaluation is far from what this hour of the week usually brings. */
export function isUnusual({ mature, z, hot, count }: Evaluation): boolean {
  if (!mature || (z > 0 && count < COUNT_MIN)) return false;
  return Math.abs(z) >= ALONE_Z || (Math.abs(z) >= OUT_Z && hot >= 2);
}

/** The seasonal baseline: connections, resets, segments and open connections against the same hour of the week. */
export function judgeSeasonal(series: Series, { from, to }: Window, evaluation: Evaluation): Flag | null {
  if (!isUnusual(evaluation)) return null;
  const { count, expected, z, dispersion } = evaluation;
  const side = z > 0 ? "above" : "below";
  const unit = series.kind === "gauge" ? "" : " in a minute";
  const text = `${plain(count)} ${series.words}${unit}, far ${side} the ${plain(expected)} that are usual at this hour.`;
  const flag = {
    detector: "seasonal",
    series: series.name,
    from,
    to,
    observed: count,
    expected,
    z,
    text,
  } as const;
  return countFlag(flag, dispersion);
}
