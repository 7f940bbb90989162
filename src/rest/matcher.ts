import { SpillwayError } from "../errors.ts";
import type { LabelMatcher, MatchOp } from "../store/host-filter.ts";

const OPS: Readonly<Record<string, MatchOp>> = { "=": "EQ", "!=": "NE", "=~": "RE", "!~": "NRE" };

/**
 * A matcher as Prometheus writes one: `role="web"`, `role=~"we.*"`. Quotes may be left out.
 *
 * @throws BAD_REQUEST for what is none
 */
export function parseMatcher(text: string): LabelMatcher {
  const [, name, op, quoted, plain] =
    /^\s*([^\s=!~"]{1,200})\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"]*))\s*$/s.exec(text) ?? [];
  const kind = OPS[op ?? ""];
  if (name === undefined || kind === undefined) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `match: ${JSON.stringify(text.slice(0, 100))} is not a matcher: write role="web", role!="web", role=~"we.*" or role!~"we.*"`,
    );
  }
  return { name, op: kind, value: quoted?.replace(/\\(.)/gs, "$1") ?? plain?.trim() ?? "" };
}
