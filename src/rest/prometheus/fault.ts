import { SpillwayError } from "../../errors.ts";

/** A question that is good PromQL and not answered here: 422, as the API has it for what cannot be executed. */
export function notAnswered(what: string, remedy: string): SpillwayError {
  return new SpillwayError("NOT_SUPPORTED", `${what} is not answered here: ${remedy}`);
}

/** A question that is no PromQL. */
export function badQuery(message: string): SpillwayError {
  return new SpillwayError("BAD_REQUEST", `the query cannot be read: ${message}`);
}
