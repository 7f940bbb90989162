/** Names and values; a name without a value is no label. */
export type Labels = Readonly<Record<string, string>>;

/** Where the labels of a host come from, in falling precedence. */
export interface LabelSources {
  /** By a person. */
  readonly set: Labels;
  /** By the token that the agent sends. */
  readonly forced: Labels;
  /** By the rules of labels.yml. */
  readonly file: Labels;
  /** By the agent, which has merged its own sources: flags and files before its environment. */
  readonly agent: Labels;
}

/**
 * The labels that a host has: of each name the value of the highest source that gives it one. An empty value
 * gives none, so it takes a label away at its own level and shows what lies below.
 */
export function effectiveLabels({ set, forced, file, agent }: LabelSources): Labels {
  const effective = Object.entries({ ...given(agent), ...given(file), ...given(forced), ...given(set) });
  // By name, so that what is stored and shown does not depend on which source came first.
  return Object.fromEntries(effective.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The labels that have a value. */
export function given(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

export function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}
