import { LIMITS } from "../../src/protocol/limits.ts";
import { type Labels, parseLabel } from "./check.ts";

/**
 * Labels of `--label`. What a person has typed must hold: unlike other sources, a fault here fails the start.
 *
 * @param source how they were given, for messages.
 */
export function labelsOfFlags(texts: readonly string[], source: string, problems: string[]): Labels {
  const labels = new Map<string, string>();
  for (const text of texts) {
    const label = parseLabel(text);
    if ("problem" in label) problems.push(`${source} is "${text}": ${label.problem}`);
    else if (labels.has(label.name)) problems.push(`${source} gives ${label.name} twice: give it once`);
    else labels.set(label.name, label.value);
  }
  if (labels.size > LIMITS.labels) {
    problems.push(`${labels.size} labels are given: at most ${LIMITS.labels} are sent`);
  }
  return Object.fromEntries(labels);
}
