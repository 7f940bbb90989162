import { LABEL_NAME, LIMITS } from "../../protocol/limits.ts";

/** What Postgres can keep as text: no NUL, and no half of a surrogate pair. */
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Whether a text can be kept as it is. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

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
