import type { Evaluation } from "../baseline/evaluation.ts";
import { countFlag, type Flag } from "../flag.ts";
import type { Series } from "../series.ts";
import { clock, plain } from "../words.ts";
import type { Window } from "./seasonal.ts";

const MINUTE_MS = 60_000;

/**
 * The lasting change: reported once, when it has become plain, with the minute in which it began. It finds the
 * trickle of two a minute that no single minute is unusual by. An annotation, never a page.
 */
export function judgeChange(series: Series, { to }: Window, evaluation: Evaluation): Flag | null {
  const { changed, since, count, expected, z, dispersion, mature } = evaluation;
  if (changed === 0 || !mature) return null;
  const from = (since + 1) * MINUTE_MS;
  const direction = changed > 0 ? "risen" : "fallen";
  const text = `${series.words} have ${direction} for good since ${clock(from)}: ${plain(count)} in the last minute, where ${plain(expected)} were usual.`;
  const flag = {
    detector: "changepoint",
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
