import { RE2JS } from "re2js";
import { SpillwayError } from "../errors.ts";
import type { HostRecord, HostStatusName, NamespaceOwner } from "./directory.ts";
import { LruMap } from "./lru-map.ts";

export type MatchOp = "EQ" | "NE" | "RE" | "NRE";

/** One of Prometheus' label matchers. A label that a host lacks is the empty string; RE and NRE are anchored. */
export interface LabelMatcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

export interface HostFilter {
  readonly names?: readonly string[] | null;
  readonly labels?: readonly LabelMatcher[] | null;
  readonly status?: readonly HostStatusName[] | null;
  /** Beginning of the kernel release. */
  readonly kernel?: string | null;
  readonly agentVersion?: string | null;
  /** Part of the name, in any case. */
  readonly search?: string | null;
}

const PATTERN_LENGTH = 500;

/** Patterns by their text: a dashboard asks with the same ones again and again. */
const compiled = new LruMap<string, RE2JS>(200);

/** A test for hosts. @throws BAD_REQUEST for a regular expression that is none, or too long */
export function hostPredicate(filter: HostFilter): (host: HostRecord) => boolean {
  const tests: ((host: HostRecord) => boolean)[] = [];
  if (filter.labels != null) {
    const matches = labelPredicate(filter.labels);
    tests.push((host) => matches((name) => labelOf(host, name)));
  }
  const { kernel, agentVersion } = filter;
  if (filter.names != null) {
    const names = new Set(filter.names);
    tests.push((host) => names.has(host.name));
  }
  if (filter.status != null) {
    const status = new Set(filter.status);
    tests.push((host) => status.has(host.status));
  }
  if (kernel != null) tests.push((host) => host.kernel?.startsWith(kernel) ?? false);
  if (agentVersion != null) tests.push((host) => host.agentVersion === agentVersion);
  if (filter.search != null) {
    const search = filter.search.toLowerCase();
    tests.push((host) => host.name.toLowerCase().includes(search));
  }
  return (host) => tests.every((test) => test(host));
}

/** A label of a host, empty where it has none; what objects inherit is no label. */
export function labelOf({ labels }: HostRecord, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}

/** A label of a namespace: its container's own, else its host's, empty where neither has it. */
export function namespaceLabelOf(namespace: NamespaceOwner, host: HostRecord, name: string): string {
  return Object.hasOwn(namespace.labels, name) ? (namespace.labels[name] ?? "") : labelOf(host, name);
}

/**
 * A test for whatever has labels: all matchers must meet.
 *
 * @returns a function of the label by name, empty where there is none
 * @throws BAD_REQUEST as `hostPredicate`
 */
export function labelPredicate(
  matchers: readonly LabelMatcher[],
): (labelOf: (name: string) => string) => boolean {
  const tests = matchers.map(({ name, op, value }) => {
    const test = valueTest(op, value);
    return (label: (name: string) => string) => test(label(name));
  });
  return (label) => tests.every((test) => test(label));
}

function valueTest(op: MatchOp, value: string): (label: string) => boolean {
  switch (op) {
    case "EQ":
      return (label) => label === value;
    case "NE":
      return (label) => label !== value;
    case "RE":
    case "NRE": {
      const pattern = compiledPattern(value);
      return (label) => pattern.matches(label) === (op === "RE");
    }
  }
}

/**
 * RE2: linear in the text, whatever pattern a stranger sends. `matches` is anchored at both ends.
 *
 * @throws BAD_REQUEST for a pattern that is none, or too long
 */
export function compiledPattern(value: string): RE2JS {
  const known = compiled.get(value);
  if (known !== undefined) return known;
  if (value.length > PATTERN_LENGTH) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the regular expression has ${value.length} characters; at most ${PATTERN_LENGTH} are taken`,
    );
  }
  try {
    const pattern = RE2JS.compile(value);
    compiled.set(value, pattern);
    return pattern;
  } catch (error) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `"${value}" is not a regular expression of the RE2 syntax: ${(error as Error).message}`,
    );
  }
}
