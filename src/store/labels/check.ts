import { LABEL_NAME, LIMITS } from "../../protocol/limits.ts";
import { isStorable } from "../storable.ts";

/** What is wrong with a label; null when nothing is. */
export function checkLabel(name: string, value: string): string | null {
  if (!LABEL_NAME.test(name)) {
    return `"${name.slice(0, 60)}" is not a label name: letters, digits and underscores, not beginning with __ or a digit`;
  }
  if (value.length > LIMITS.labelValueLength) {
    return `the label ${name} has ${value.length} characters; at most ${LIMITS.labelValueLength} are taken`;
  }
  if (!isStorable(value)) {
    return `the label ${name} has a character that cannot be stored: NUL or half of a pair`;
  }
  return null;
}
