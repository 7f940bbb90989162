import { UNSTORABLE } from "../protocol/limits.ts";

/** Whether Postgres can keep a text as it is. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** A text that Postgres can keep: what it cannot is replaced. */
export function storable(text: string): string {
  return text.replaceAll(new RegExp(UNSTORABLE, "g"), "\uFFFD");
}
