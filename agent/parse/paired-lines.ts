import { type Count, parseCounter } from "../../src/protocol/count.ts";
import type { Readings } from "../readings.ts";

/** A kernel file that is not of its format: half of it is worse than none, since fields would trade places. */
export class ParseError extends Error {
  override readonly name = "ParseError";
  readonly file: string;
  /** The group at fault (`TcpExt`); null where the line has none. */
  readonly group: string | null;
  /** How many names and how many values the group has. */
  readonly names: number;
  readonly values: number;

  constructor(file: string, group: string | null, names: number, values: number, why: string) {
    const where = group === null ? file : `${file}: group ${group} (${names} names, ${values} values)`;
    super(`cannot read ${where}: ${why}`);
    this.file = file;
    this.group = group;
    this.names = names;
    this.values = values;
  }
}

const NEGATIVE = /^-[0-9]+$/;

/**
 * Reads the format of /proc/net/snmp and /proc/net/netstat (net/ipv4/proc.c): pairs of lines, `Group: names`
 * and then `Group: values`. New fields appear in the middle between kernels and new groups at any place, so
 * everything is taken by name and nothing is assumed to be there.
 *
 * @param file only names the source in errors.
 * @throws ParseError when a pair is broken or a value is not an unsigned 64-bit integer. A negative number is
 * a sentinel (`MaxConn -1` says "no limit") and is read as absent.
 */
export function parsePairedLines(text: string, file: string): Readings {
  const names: string[] = [];
  const values: (Count | null)[] = [];
  if (text === "") return { names, values };
  const lines = text.split("\n");
  // The kernel ends every line; without the last newline the last number may have lost digits.
  const rest = lines.pop() ?? "";
  if (rest !== "") {
    const isNames = lines.length % 2 === 0;
    const names = fieldsOf(isNames ? rest : (lines.at(-1) ?? "")).length;
    throw new ParseError(
      file,
      groupOf(rest),
      names,
      isNames ? 0 : fieldsOf(rest).length,
      "its last line is cut off",
    );
  }
  for (let i = 0; i < lines.length; i += 2) {
    readPair(lines[i] ?? "", lines[i + 1] ?? "", file, names, values);
  }
  return { names, values };
}

function readPair(head: string, body: string, file: string, names: string[], values: (Count | null)[]): void {
  const group = groupOf(head);
  if (group === null)
    throw new ParseError(file, null, 0, 0, `expected "Group: names", found "${excerpt(head)}"`);
  const fields = fieldsOf(head);
  if (groupOf(body) !== group) {
    throw new ParseError(file, group, fields.length, 0, `no line of values follows, but "${excerpt(body)}"`);
  }
  const texts = fieldsOf(body);
  if (texts.length !== fields.length) {
    throw new ParseError(file, group, fields.length, texts.length, "every name needs one value");
  }
  for (let i = 0; i < fields.length; i += 1) {
    const text = texts[i] ?? "";
    const value = parseCounter(text);
    if (value === null && !NEGATIVE.test(text)) {
      const why = `${group}${fields[i]} is "${excerpt(text)}", not an integer from 0 to 2^64-1`;
      throw new ParseError(file, group, fields.length, texts.length, why);
    }
    names.push(`${group}${fields[i]}`);
    values.push(value);
  }
}

/** The part before the colon; null for a line without one. */
function groupOf(line: string): string | null {
  const colon = line.indexOf(":");
  return colon > 0 ? line.slice(0, colon) : null;
}

function fieldsOf(line: string): string[] {
  const fields = line.slice(line.indexOf(":") + 1).split(" ");
  return fields.filter((field) => field !== "");
}

function excerpt(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}...`;
}
