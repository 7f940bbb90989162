import { stringify } from "csv-stringify/sync";
import type { Request, Response } from "express";
import { SpillwayError } from "../errors.ts";

type Cell = string | number | boolean | null;

/** A row of a table; what `labels` holds are columns of their own in CSV. */
export interface Row {
  readonly [column: string]: Cell | Readonly<Record<string, string>>;
}

export const FORMATS = ["json", "rows", "ndjson", "csv"] as const;
export type Format = (typeof FORMATS)[number];

const TYPES: Readonly<Record<Format, string>> = {
  json: "application/json",
  rows: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
};

/**
 * The format that a request asks for: by `format`, or by its Accept header.
 *
 * @throws BAD_REQUEST for one that there is not
 */
export function formatOf(request: Request): Format {
  const { format } = request.query;
  if (format === undefined) {
    const accepted = request.accepts([TYPES.json, TYPES.csv, TYPES.ndjson]);
    return FORMATS.find((one) => one !== "rows" && TYPES[one] === accepted) ?? "json";
  }
  const known = FORMATS.find((one) => one === format);
  if (known !== undefined) return known;
  throw new SpillwayError(
    "BAD_REQUEST",
    `format: there is no "${String(format)}": ask for ${FORMATS.join(", ")}`,
  );
}

/** Sends a table in one of the formats that are not the answer's own. */
export function sendRows(response: Response, format: Exclude<Format, "json">, rows: readonly Row[]): void {
  response.type(TYPES[format]);
  if (format === "rows") response.json(rows);
  else response.send(format === "csv" ? csvOf(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/**
 * CSV (RFC 4180) with a header. Labels become columns `label_<name>`; null is an empty field.
 *
 * A text that a spreadsheet would take for a formula is told apart by a leading apostrophe, since host names and
 * labels are whatever an agent sends.
 */
export function csvOf(rows: readonly Row[]): string {
  const columns = new Set<string>();
  const labels = new Set<string>();
  for (const row of rows) {
    for (const [column, cell] of Object.entries(row)) {
      if (!isLabels(cell)) columns.add(column);
      else for (const name of Object.keys(cell)) labels.add(name);
    }
  }
  const names = [...labels].sort();
  const lines = rows.map((row) => [
    ...Array.from(columns, (column) => row[column] as Cell),
    ...names.map((name) => (isLabels(row.labels) ? (row.labels[name] ?? "") : "")),
  ]);
  return stringify([[...columns, ...names.map((name) => `label_${name}`)], ...lines], {
    escape_formulas: true,
    record_delimiter: "windows",
    cast: { boolean: String },
  });
}

function isLabels(cell: Row[string] | undefined): cell is Readonly<Record<string, string>> {
  return typeof cell === "object" && cell !== null;
}
