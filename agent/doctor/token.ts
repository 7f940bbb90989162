import type { Asked } from "./ask.ts";
import type { Finding } from "./check.ts";

const CHECK = "token";

/**
 * Whether the service takes the token.
 *
 * @param problem what is wrong with it already here; null when nothing is.
 */
export function checkToken(asked: Asked, problem: string | null): Finding {
  if (problem !== null) return { check: CHECK, status: "FAIL", message: problem };
  if (asked.kind === "asked" && asked.verdict.kind === "answered") {
    return { check: CHECK, status: "ok", message: "the service takes pushes with it" };
  }
  if (asked.kind === "asked" && asked.verdict.kind === "unauthorized") {
    const remedy =
      "make one with `spillway token create --scope ingest` (or copy ingest-token from the data folder of the service) and put it where --token-file says";
    return {
      check: CHECK,
      status: "FAIL",
      message: `the service refuses it: ${asked.verdict.reason}; ${remedy}`,
    };
  }
  return { check: CHECK, status: "warn", message: "not known: the service did not answer; mend that first" };
}
