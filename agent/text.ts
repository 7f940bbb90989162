import { UNSTORABLE } from "../src/protocol/limits.ts";

/**
 * A text of others' making (the name of a process, of a unit, of a container) as it can be sent: what steers a
 * terminal or cannot be stored is replaced, and it ends before a character that is not whole.
 *
 * @param max UTF-16 units, as the service counts them.
 */
export function sendable(text: string, max: number): string {
  const clean = text.replace(CONTROL, "?").replace(UNSTORABLE_ALL, "\uFFFD");
  if (clean.length <= max) return clean;
  const isWhole = !HIGH_HALF.test(clean.charAt(max - 1));
  return clean.slice(0, isWhole ? max : max - 1);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: anybody may put them into a name.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const UNSTORABLE_ALL = new RegExp(UNSTORABLE, "g");
const HIGH_HALF = /[\ud800-\udbff]/;
