import { SpillwayError } from "../errors.ts";
import { asUnavailable, sqlState } from "../store/errors.ts";

/** What Postgres says when it ends a statement at its time. */
const QUERY_CANCELED = "57014";

/** What a resolver threw, as its caller is told; anything that is not known is as it was, and masked. */
export function asQueryFault(error: unknown): unknown {
  if (error instanceof SpillwayError || sqlState(error) !== QUERY_CANCELED) return asUnavailable(error);
  return new SpillwayError(
    "LIMIT_EXCEEDED",
    "the database took longer over this question than it may: ask for a shorter range, a coarser step, fewer hosts or fewer groups",
    { cause: error },
  );
}
