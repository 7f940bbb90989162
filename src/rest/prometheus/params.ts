import type { Request } from "express";
import { SpillwayError } from "../../errors.ts";
import { parseDateTime } from "../../graphql/date-time.ts";
import { parsePromDuration } from "./durations.ts";

/** What a caller gives, in the address or in a form: each name with its values. */
export type Params = ReadonlyMap<string, readonly string[]>;

const EARLIEST_MS = Date.UTC(1970, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);
const TIME = /^-?[0-9]{1,13}(\.[0-9]{1,9})?$/;

/** The parameters of the address, and after them those of a form: the API takes both together. */
export function paramsOf(request: Request): Params {
  const params = new Map<string, string[]>();
  const add = (name: string, value: string) => params.set(name, [...(params.get(name) ?? []), value]);
  // Browsers leave a question mark within the query as it is.
  const [, query = ""] = /\?(.*)$/s.exec(request.originalUrl) ?? [];
  for (const [name, value] of new URLSearchParams(query)) add(name, value);
  for (const [name, value] of Object.entries((request.body ?? {}) as Record<string, string | string[]>)) {
    for (const one of [value].flat()) add(name, one);
  }
  return params;
}

/** @throws BAD_REQUEST where it is not given */
export function requiredParam(params: Params, name: string): string {
  const value = params.get(name)?.[0];
  if (value === undefined || value === "") throw new SpillwayError("BAD_REQUEST", `${name}: it is missing`);
  return value;
}

/**
 * A time as the API takes it: seconds since 1970 with a fraction, or RFC 3339, whose offset is said.
 *
 * @param otherwise where none is given; without it, one must be
 * @returns ms since 1970
 * @throws BAD_REQUEST for what is no time
 */
export function timeParam(params: Params, name: string, otherwise?: number): number {
  const text = params.get(name)?.[0];
  if ((text === undefined || text === "") && otherwise !== undefined) return otherwise;
  const given = requiredParam(params, name);
  const ms = TIME.test(given) ? Math.round(Number(given) * 1_000) : parseDateTime(given);
  if (ms !== null && ms >= EARLIEST_MS && ms < LATEST_MS) return ms;
  throw new SpillwayError(
    "BAD_REQUEST",
    `${name}: "${given.slice(0, 60)}" is no time: give seconds since 1970, or one such as 2026-11-26T12:00:00Z`,
  );
}

/** @returns ms @throws BAD_REQUEST for what is no duration */
export function durationParam(params: Params, name: string): number {
  const given = requiredParam(params, name);
  const ms = parsePromDuration(given);
  if (ms !== null) return ms;
  throw new SpillwayError(
    "BAD_REQUEST",
    `${name}: "${given.slice(0, 60)}" is no duration above 0: give seconds, or one such as 1m`,
  );
}

/** How many at most; 0, the API's word for no limit, is `most`. @throws BAD_REQUEST for what is no number */
export function limitParam(params: Params, most: number): number {
  const given = params.get("limit")?.[0] ?? "0";
  if (!/^[0-9]{1,9}$/.test(given)) {
    throw new SpillwayError("BAD_REQUEST", `limit: "${given.slice(0, 60)}" is no whole number`);
  }
  return Number(given) === 0 ? most : Math.min(most, Number(given));
}
