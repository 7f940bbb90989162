import { type Count, parseCounter } from "../../src/protocol/count.ts";
import type { Readings } from "../readings.ts";
import { ParseError } from "./paired-lines.ts";

const NEGATIVE = /^-[0-9]+$/;

/**
 * Reads the format of /proc/net/sockstat and /proc/net/sockstat6 (net/ipv4/proc.c): a line for each protocol,
 * `TCP: inuse 31 orphan 0 tw 16`, names and values in turn. Older kernels have fewer of both.
 *
 * The names are of the scheme of the other sources, group first: the file, the protocol as printed, the field,
 * each with a capital (`SockstatTCPInuse`, `SockstatSocketsUsed`, `Sockstat6TCP6Inuse`).
 *
 * @param file only names the source in errors.
 * @throws ParseError when a line is cut or a value is not an unsigned 64-bit integer; a negative one is read
 * as absent.
 */
export function parseSockstat(text: string, group: "Sockstat" | "Sockstat6", file: string): Readings {
  const names: string[] = [];
  const values: (Count | null)[] = [];
  if (text === "") return { names, values };
  const lines = text.split("\n");
  // The kernel ends every line; without the last newline the last number may have lost digits.
  const rest = lines.pop() ?? "";
  if (rest !== "") throw new ParseError(file, null, 0, 0, "its last line is cut off");
  for (const line of lines) readLine(line, group, file, names, values);
  return { names, values };
}

function readLine(line: string, group: string, file: string, names: string[], values: (Count | null)[]) {
  const colon = line.indexOf(":");
  if (colon < 1) {
    throw new ParseError(
      file,
      null,
      0,
      0,
      `expected "protocol: name value ...", found "${line.slice(0, 40)}"`,
    );
  }
  const protocol = line.slice(0, colon);
  const words = line
    .slice(colon + 1)
    .split(" ")
    .filter((word) => word !== "");
  if (words.length % 2 === 1) {
    const pairs = (words.length + 1) / 2;
    throw new ParseError(file, protocol, pairs, pairs - 1, "every name needs one value");
  }
  for (let i = 0; i < words.length; i += 2) {
    const [field = "", digits = ""] = [words[i], words[i + 1]];
    const value = parseCounter(digits);
    if (value === null && !NEGATIVE.test(digits)) {
      const why = `${field} is "${digits.slice(0, 40)}", not an integer from 0 to 2^64-1`;
      throw new ParseError(file, protocol, words.length / 2, words.length / 2, why);
    }
    names.push(fullName(group, protocol, field));
    values.push(value);
  }
}

/** Names made before: one string each, so that two scrapes can be compared by looking at it. */
const made = new Map<string, string>();
const MADE_MAX = 256;

function fullName(group: string, protocol: string, field: string): string {
  const key = `${group} ${protocol} ${field}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const name = `${group}${capital(protocol)}${capital(field)}`;
  if (made.size >= MADE_MAX) made.clear();
  made.set(key, name);
  return name;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
