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
  const { group, full } = readHead(head, file);
  if (groupOf(body) !== group) {
    throw new ParseError(file, group, full.length, 0, `no line of values follows, but "${excerpt(body)}"`);
  }
  const texts = fieldsOf(body);
  if (texts.length !== full.length) {
    throw new ParseError(file, group, full.length, texts.length, "every name needs one value");
  }
  for (const name of full) names.push(name);
  for (const [index, text] of texts.entries()) {
    const value = readValue(text);
    if (value === undefined) {
      const why = `${full[index]} is "${excerpt(text)}", not an integer from 0 to 2^64-1`;
      throw new ParseError(file, group, full.length, texts.length, why);
    }
    values.push(value);
  }
}

interface Head {
  readonly group: string;
  /** Names with the group before them. */
  readonly full: readonly string[];
}

/**
 * Lines of names seen before. They are two thirds of each file and the same at each scrape, so a scrape only
 * has to find them here. IcmpMsg grows by a name now and then, hence the bound.
 */
const heads = new Map<string, Head>();
const HEADS_MAX = 64;

function readHead(line: string, file: string): Head {
  const known = heads.get(line);
  if (known !== undefined) return known;
  const group = groupOf(line);
  if (group === null) {
    throw new ParseError(file, null, 0, 0, `expected "Group: names", found "${excerpt(line)}"`);
  }
  const head = { group, full: fieldsOf(line).map((field) => `${group}${field}`) };
  if (heads.size >= HEADS_MAX) heads.clear();
  heads.set(line, head);
  return head;
}

/** null for a sentinel, undefined for what is no counter at all. */
function readValue(text: string): Count | null | undefined {
  // Most counters of most hosts are 0: no need to look at those by a regular expression.
  if (text === "0") return 0;
  return parseCounter(text) ?? (NEGATIVE.test(text) ? null : undefined);
}

/** The part before the colon; null for a line without one. */
function groupOf(line: string): string | null {
  const colon = line.indexOf(":");
  return colon > 0 ? line.slice(0, colon) : null;
}

function fieldsOf(line: string): string[] {
  const text = line.slice(line.indexOf(":") + 1).trim();
  const fields = text === "" ? [] : text.split(" ");
  return fields.includes("") ? fields.filter((field) => field !== "") : fields;
}

function excerpt(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}...`;
}
