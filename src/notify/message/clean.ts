/** Text of others, such as names of hosts, titles and labels, made fit to be put into a message. */

/**
 * What breaks a line, moves a terminal's cursor or turns the direction of the text after it: control characters,
 * separators of lines, marks and overrides of direction, and what has no width at all.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/gu;
const HALF_PAIR = /\p{Cs}/gu;

/** One line of at most `length` code points; what is cut off is marked by an ellipsis. */
export function oneLine(text: string, length: number): string {
  // However long it is, no more is looked at than could be shown.
  const part = text.slice(0, length * 4);
  const line = wellFormed(part).replace(UNSEEN, " ").replace(/ {2,}/g, " ").trim();
  return part.length < text.length ? `${[...line].slice(0, length - 1).join("")}…` : clip(line, length);
}

/** Halves of pairs, which no encoding has, replaced as a decoder would. */
export function wellFormed(text: string): string {
  return text.replace(HALF_PAIR, "\ufffd");
}

/** At most `length` code points, the last of them an ellipsis where something was cut off. */
function clip(text: string, length: number): string {
  const points = [...text];
  return points.length <= length ? text : `${points.slice(0, length - 1).join("")}…`;
}
