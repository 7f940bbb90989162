import { LABEL_NAME, LIMITS } from "../../src/protocol/limits.ts";
import { sendable } from "../text.ts";

export type Labels = Readonly<Record<string, string>>;

/** What one source of labels gave. */
export interface LabelSource {
  readonly labels: Labels;
  /** What it could not give and why. An agent starts without a label sooner than not at all. */
  readonly warnings: readonly string[];
}

export type ParsedLabel =
  | { readonly name: string; readonly value: string }
  /** What is wrong with the text, to be put after it. */
  | { readonly problem: string };

/** Reads `name=value`, with spaces around either; the value may hold `=`. */
export function parseLabel(text: string): ParsedLabel {
  const equals = text.indexOf("=");
  if (equals < 1) return { problem: "give name=value" };
  const name = text.slice(0, equals).trim();
  const value = text.slice(equals + 1).trim();
  const problem = whyNotLabel(name, value);
  return problem === null ? { name, value } : { problem };
}

/** Why the service would not take the label; null when it would. */
export function whyNotLabel(name: string, value: string): string | null {
  if (!LABEL_NAME.test(name)) {
    return `a name has up to ${LIMITS.labelNameLength} letters, digits and _, and does not begin with a digit or __`;
  }
  if (value.length > LIMITS.labelValueLength) {
    return `the value has ${value.length} characters: at most ${LIMITS.labelValueLength} are sent`;
  }
  return sendable(value, LIMITS.labelValueLength) === value ? null : "the value has a control character";
}
