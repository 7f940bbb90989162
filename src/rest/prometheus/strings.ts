const NAMED: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.)|$)/gs;

/**
 * What a string of PromQL says, by Go's escapes; in backquotes there are none. Null for an escape that is none.
 *
 * @param literal with its quotes
 */
export function unquote(literal: string): string | null {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner;
  let good = true;
  const text = inner.replace(ESCAPE, (_all, hex, short, long, octal, named: string | undefined) => {
    const digits = hex ?? short ?? long;
    const code =
      octal !== undefined
        ? Number.parseInt(octal, 8)
        : digits !== undefined
          ? Number.parseInt(digits, 16)
          : null;
    if (code !== null && code <= 0x10ffff) return String.fromCodePoint(code);
    const character = NAMED[named ?? ""];
    if (character === undefined) good = false;
    return character ?? "";
  });
  return good ? text : null;
}
