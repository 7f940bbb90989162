/** Matchers of labels in Prometheus' notation: role="web", region!="eu", version=~"2.*". */
import type { HostFilter, MatchOp } from "../generated/documents.ts";

export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

const OPERATORS: Readonly<Record<string, MatchOp>> = { "=": "EQ", "!=": "NE", "=~": "RE", "!~": "NRE" };

export function operatorOf(op: MatchOp): string {
  return Object.keys(OPERATORS).find((operator) => OPERATORS[operator] === op) ?? "=";
}

/** The value may stand without its quotes. @returns null for what is no matcher */
export function parseMatcher(text: string): Matcher | null {
  const match = /^\s*([A-Za-z_][\w./-]{0,199})\s*(=~|!~|!=|=)\s*(.{0,500}?)\s*$/s.exec(text);
  if (match === null) return null;
  const [, name = "", operator = "", said = ""] = match;
  const op = OPERATORS[operator];
  return op === undefined ? null : { name, op, value: unquoted(said) };
}

export function printMatcher({ name, op, value }: Matcher): string {
  return `${name}${operatorOf(op)}"${value.replace(/[\\"]/g, "\\$&")}"`;
}

function unquoted(said: string): string {
  const match = /^"((?:[^"\\]|\\.)*)"$/s.exec(said);
  return match === null ? said : (match[1] ?? "").replace(/\\(.)/gs, "$1");
}

interface LabelValues {
  readonly name: string;
  readonly values: readonly { readonly value: string }[];
}

/** Matchers to choose from for what was typed so far: of many, some of each label. @param most in all */
export function suggestedMatchers(labels: readonly LabelValues[], typed: string, most: number): string[] {
  const wanted = typed.trim().toLowerCase();
  const fitting = labels.flatMap(({ name, values }) => {
    const own = values
      .map(({ value }) => printMatcher({ name, op: "EQ", value }))
      .filter((text) => text.toLowerCase().includes(wanted));
    return own.length === 0 ? [] : [own];
  });
  const each = Math.max(1, Math.floor(most / Math.max(1, fitting.length)));
  return fitting.flatMap((own) => own.slice(0, each)).slice(0, most);
}

/** The hosts that a view is about; null for all. */
export function hostFilter(view: {
  readonly search: string;
  readonly matchers: readonly Matcher[];
}): HostFilter | null {
  if (view.search === "" && view.matchers.length === 0) return null;
  return {
    ...(view.search === "" ? {} : { search: view.search }),
    ...(view.matchers.length === 0 ? {} : { labels: view.matchers }),
  };
}
