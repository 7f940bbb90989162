import { SpillwayError } from "../errors.ts";
import { type LabelMatcher, labelPredicate } from "../store/host-filter.ts";
import { checkLabel } from "../store/labels/check.ts";
import { MATCHERS_MAX } from "../store/matcher-limits.ts";

/**
 * What can be kept as matchers.
 *
 * @param what that has them: "a silence"
 * @throws BAD_REQUEST for too many, for a name or a value that no label has, for a pattern that is none
 */
export function checkMatchers(what: string, matchers: readonly LabelMatcher[]): void {
  if (matchers.length > MATCHERS_MAX) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `${what} has at most ${MATCHERS_MAX} matchers; this one has ${matchers.length}`,
    );
  }
  for (const { name, value } of matchers) {
    const fault = checkLabel(name, value);
    if (fault !== null) throw new SpillwayError("BAD_REQUEST", fault);
  }
  // Compiles the patterns: one that is none is refused here, and not when it is tried.
  labelPredicate(matchers);
}
