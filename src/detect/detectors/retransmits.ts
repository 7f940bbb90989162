import type { Evaluation } from "../baseline/evaluation.ts";
import { countFlag, type Flag } from "../flag.ts";
import type { Series } from "../series.ts";
import { percent, plain } from "../words.ts";
import { isUnusual, type Window } from "./seasonal.ts";

/** Of fewer segments no share is told. */
export const SEGMENTS_MIN = 1_000;
/** What every long path loses. */
const SHARE_MIN = 0.01;

/**
 * The retransmit ratio: segments sent again, without SYNs (a peer that does not answer is another matter), of all
 * segments sent. At least 1 %, and unusual for this host at this hour.
 *
 * @param sent segments sent
 */
export function judgeRetransmits(
  series: Series,
  { from, to }: Window,
  sent: number,
  evaluation: Evaluation,
): Flag | null {
  const { count, expected, z, dispersion } = evaluation;
  if (sent < SEGMENTS_MIN || count < SHARE_MIN * sent || z < 0 || !isUnusual(evaluation)) return null;
  const text = `${percent(count / sent)} of ${plain(sent)} segments were sent again in a minute, where ${percent(expected / sent)} are usual at this hour.`;
  const flag = {
    detector: "retransmits",
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
