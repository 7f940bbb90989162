import { RE2JS } from "re2js";
import type { Labels } from "./effective.ts";

/** Labels for the hosts whose name matches. */
export interface LabelRule {
  /** A name in which `*` stands for any text and `?` for one character, or a regular expression: `/web-[0-9]+/`. */
  readonly match: string;
  readonly labels: Labels;
}

/** The labels that rules give to a host of this name. */
export type FileLabels = (hostName: string) => Labels;

/**
 * Rules as a function. All rules that match count; of two that give one label, the later one does.
 *
 * @throws what re2js throws for a regular expression that is none
 */
export function compileRules(rules: readonly LabelRule[]): FileLabels {
  const compiled = rules.map(({ match, labels }) => ({ pattern: compileMatch(match), labels }));
  return (hostName) => {
    const found: Record<string, string> = {};
    for (const { pattern, labels } of compiled) {
      if (pattern.matches(hostName)) Object.assign(found, labels);
    }
    return found;
  };
}

/** Anchored at both ends, as all patterns of the service are; RE2, so linear in the name. */
export function compileMatch(match: string): RE2JS {
  const regex = /^\/(.*)\/$/s.exec(match)?.[1];
  return RE2JS.compile(regex ?? globSource(match), regex === undefined ? RE2JS.DOTALL : 0);
}

function globSource(glob: string): string {
  return glob
    .split(/([*?])/)
    .map((part) => (part === "*" ? ".*" : part === "?" ? "." : RE2JS.quote(part)))
    .join("");
}
