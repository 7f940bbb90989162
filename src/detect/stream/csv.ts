import { type Count, parseCounter } from "../../protocol/count.ts";

/** What the values of a series are: how much there is, how much came since the row before, or a running total. */
export const KINDS = ["gauge", "count", "counter"] as const;

export type Kind = (typeof KINDS)[number];

export interface Row {
  /** ms since 1970 */
  readonly at: number;
  readonly value: Count;
  /** Both as they were written. */
  readonly timestampText: string;
  readonly valueText: string;
}

const HEADER = ["timestamp", "value"];

/** @throws RangeError when the first line is not `timestamp,value` */
export function checkHeader(line: string): void {
  const names = fieldsOf(line.replace(/^\uFEFF/, "")).map((name) => name.toLowerCase());
  if (names.length === HEADER.length && names.every((name, index) => name === HEADER[index])) return;
  throw new RangeError(
    `line 1 is "${excerpt(line)}", and not the header "timestamp,value": name the two columns so, in this order, and leave out others`,
  );
}

/**
 * A line as a row: a timestamp by RFC 3339 (a space for the T is taken, and no zone means UTC) or in seconds or
 * milliseconds since 1970, and a value.
 *
 * @param before time of the row before; null for the first
 * @throws RangeError that names the line, what is wrong with it and what to do
 */
export function parseRow(line: string, number: number, kind: Kind, before: number | null): Row {
  const fail = (what: string): never => {
    throw new RangeError(`line ${number}: ${what}`);
  };
  const fields = fieldsOf(line);
  const [timestampText = "", valueText = ""] = fields;
  if (fields.length !== HEADER.length) {
    fail(
      `${fields.length} fields in "${excerpt(line)}": each row has a timestamp and a value, split by a comma`,
    );
  }
  const at =
    parseTimestamp(timestampText) ??
    fail(
      `"${excerpt(timestampText)}" is no timestamp: write 2026-11-22T10:42:00Z, or seconds or milliseconds since 1970`,
    );
  if (before !== null && at <= before) {
    fail(
      `"${excerpt(timestampText)}" is not after the row before it: sort the rows by time, and keep one of each time`,
    );
  }
  const value =
    parseValue(valueText) ?? fail(`"${excerpt(valueText)}" is no number: leave out rows without a value`);
  if (kind !== "gauge" && value < 0) {
    fail(
      `${excerpt(valueText)} is below 0, which a ${kind} never is: give --kind gauge for a value that may be`,
    );
  }
  return { at, value, timestampText, valueText };
}

function fieldsOf(line: string): string[] {
  return line.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
/** Below this a number of the time is seconds: in milliseconds it would be 1973. */
const SECONDS_MAX = 1e11;
/** The largest time that a date can have. */
const TIME_MAX = 8.64e15;

function parseTimestamp(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    const ms = number < SECONDS_MAX ? number * 1000 : number;
    return ms <= TIME_MAX ? ms : null;
  }
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [, date = "", time = "", fraction = "", zone = "Z"] = match;
  const at = Date.parse(`${date}T${time}${fraction}${zone.toUpperCase()}`);
  return Number.isNaN(at) || !dayExists(date) ? null : at;
}

/** Whether a month has the day: a date beyond its end is taken for one of the next month. */
function dayExists(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}

function parseValue(text: string): Count | null {
  const exact = parseCounter(text);
  if (exact !== null) return exact;
  if (!NUMBER.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

function excerpt(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}...`;
}
