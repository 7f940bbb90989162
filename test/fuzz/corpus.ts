/**
 * Inputs that once failed, each a file of JSON in corpus/<target>/: run before all others, by `npm run fuzz` and by
 * `npm test`. What JSON has no form for is an object of one field: {"$bigint": "7"}, {"$bytes": "AAE="} in base64,
 * {"$number": "NaN"}.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./corpus/", import.meta.url));

/** All that are kept for a target. */
export function keptInputs(target: string): unknown[] {
  const folder = join(FOLDER, target);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort();
  return names.map((name) => decoded(JSON.parse(readFileSync(join(folder, name), "utf8"))));
}

/** @returns the file's path */
export function keepInput(target: string, input: unknown): string {
  const text = `${JSON.stringify(encoded(input), null, 2)}\n`;
  const folder = join(FOLDER, target);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${createHash("sha256").update(text).digest("hex").slice(0, 12)}.json`);
  writeFileSync(path, text);
  return path;
}

export function encoded(value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (value === undefined) return { $number: "undefined" };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { $number: Object.is(value, -0) ? "-0" : String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(encoded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, encoded(one)]));
}

export function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== "object" || value === null) return value;
  const [[key, one] = [], ...others] = Object.entries(value);
  if (others.length === 0 && typeof one === "string") {
    if (key === "$bigint") return BigInt(one);
    if (key === "$bytes") return Buffer.from(one, "base64");
    if (key === "$number") return one === "undefined" ? undefined : Number(one);
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decoded(member)]));
}
