import { type LabelMatcher, labelPredicate, type MatchOp } from "../../store/host-filter.ts";

const OPS: Readonly<Record<string, MatchOp>> = { "=": "EQ", "!=": "NE", "=~": "RE", "!~": "NRE" };
const FORM = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"{}]*))\s*$/;

/**
 * A matcher of Prometheus as text: `role="web"`, `severity=~"MAJOR|CRITICAL"`, `cause!=HOST_SILENT`.
 *
 * @returns what is wrong with it, where it is none
 */
export function parseMatcher(text: string): LabelMatcher | string {
  const [, name, op, quoted, bare] = FORM.exec(text) ?? [];
  if (name === undefined || op === undefined) {
    return `not a matcher: write role="web", severity=~"MAJOR|CRITICAL", cause!=HOST_SILENT`;
  }
  const value = quoted === undefined ? (bare ?? "") : quoted.replace(/\\(.)/g, "$1");
  const matcher = { name, op: OPS[op] ?? "EQ", value };
  try {
    labelPredicate([matcher]);
  } catch (error) {
    return (error as Error).message;
  }
  return matcher;
}

/** As `parseMatcher` takes it. */
export function formatMatcher({ name, op, value }: LabelMatcher): string {
  const sign = Object.keys(OPS).find((key) => OPS[key] === op);
  return `${name}${sign}"${value.replace(/["\\]/g, "\\$&")}"`;
}
