import { SpillwayError } from "../errors.ts";
import { compiledPattern, type LabelMatcher } from "./host-filter.ts";

/** Matchers of one filter, as of one silence. */
export const MATCHERS_MAX = 20;
/** What the patterns of one filter come to at most: of characters, and of steps once they are compiled. */
const CHARACTERS_MAX = 2_000;
const STEPS_MAX = 5_000;

/**
 * Holds a filter to what is cheap to try on every host of a large fleet: a pattern is compiled and tried while nothing
 * else runs, and `(.{0,1000})` costs as much as a hundred usual ones.
 *
 * @throws BAD_REQUEST for too many matchers, for patterns that are too long or costly together, for one that is none
 */
export function requireModestMatchers(matchers: readonly LabelMatcher[]): void {
  if (matchers.length > MATCHERS_MAX) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `${matchers.length} matchers; at most ${MATCHERS_MAX} are taken in one filter: match one label by RE "a|b|c" instead of by many`,
    );
  }
  const patterns = matchers.filter(({ op }) => op === "RE" || op === "NRE").map(({ value }) => value);
  const characters = patterns.reduce((sum, { length }) => sum + length, 0);
  if (characters > CHARACTERS_MAX) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the regular expressions of the filter have ${characters} characters; at most ${CHARACTERS_MAX} are taken together: shorten them`,
    );
  }
  const steps = patterns.reduce((sum, pattern) => sum + compiledPattern(pattern).programSize(), 0);
  if (steps > STEPS_MAX) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the regular expressions of the filter come to ${steps} steps; at most ${STEPS_MAX} are taken together: repeat ` +
        "less often than {0,1000}, or write .*",
    );
  }
}
