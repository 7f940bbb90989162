import type { Count } from "../src/protocol/count.ts";
import { layoutHash } from "../src/protocol/layout.ts";
import { COUNTER_NAME, LIMITS } from "../src/protocol/limits.ts";
import type { WireEpoch, WireNamespace, WireSnapshot, WireValue } from "../src/protocol/message.ts";

/** The ordered names of the counters of a snapshot, and the hash that stands for them on the wire. */
export interface Layout {
  readonly hash: string;
  readonly names: readonly string[];
}

/** A snapshot as it waits to be sent: already encoded, so that a retry costs nothing and its size is known. */
export interface QueuedSnapshot {
  readonly epoch: WireEpoch;
  readonly layout: Layout;
  readonly at: number;
  /** Whose counters they are; absent for the root's. The composer makes it the index that the wire has. */
  readonly namespace?: WireNamespace;
  /** The JSON of its WireSnapshot, without the index. ASCII only, so its length is its size in bytes. */
  readonly json: string;
}

/** The counters of a scrape, and when it was taken. */
export interface Reading {
  readonly names: readonly string[];
  readonly values: readonly (Count | null)[];
  /** Agent time of the scrape, in ms since 1970. */
  readonly at: number;
  readonly uptimeMs: number;
  /** Interval between scrapes when this one was taken, in ms. */
  readonly everyMs: number;
  readonly epoch: WireEpoch;
  /** Absent for the root. */
  readonly namespace?: WireNamespace;
  /** What goes with the counters. */
  readonly more?: Pick<WireSnapshot, "fromZero" | "sysctls" | "listeners">;
}

/** Makes wire snapshots, and keeps the layout of the last one: names rarely change, so they are hashed once. */
export function createSnapshotBuilder(): (reading: Reading) => QueuedSnapshot {
  let seen: readonly string[] = [];
  let plan = planLayout(seen);
  return (reading) => {
    if (!sameNames(reading.names, seen)) {
      seen = reading.names;
      plan = planLayout(seen);
    }
    const { layout, picks } = plan;
    const values: WireValue[] = [];
    for (const pick of picks) values.push(wireValue(reading.values[pick] ?? null));
    const snapshot: WireSnapshot = {
      at: reading.at,
      uptimeMs: reading.uptimeMs,
      everyMs: reading.everyMs,
      layout: layout.hash,
      values,
      ...reading.more,
    };
    const { epoch, at, namespace } = reading;
    const json = ascii(JSON.stringify(snapshot));
    return namespace === undefined ? { epoch, layout, at, json } : { epoch, layout, at, namespace, json };
  };
}

/** Names of processes and paths of cgroups may hold any character; escaped, each is as long as its bytes. */
function ascii(json: string): string {
  return NOT_ASCII.test(json) ? json.replaceAll(NOT_ASCII_ALL, escapeCharacter) : json;
}

const NOT_ASCII = /[^\x20-\x7e]/;
const NOT_ASCII_ALL = /[^\x20-\x7e]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** JSON numbers are exact up to 2^53-1 only; a bigint, which is always above, travels as decimal digits. */
export function wireValue(count: Count | null): WireValue {
  return typeof count === "bigint" ? count.toString() : count;
}

/**
 * Which counters go into the layout. A name that the contract cannot carry, a repeated name, and whatever is
 * beyond the largest layout are left out: one odd name of a future kernel must not cost all the others.
 */
function planLayout(names: readonly string[]): { layout: Layout; picks: readonly number[] } {
  const chosen = new Set<string>();
  const picks: number[] = [];
  for (const [index, name] of names.entries()) {
    if (chosen.size === LIMITS.countersPerLayout) break;
    if (chosen.has(name) || !COUNTER_NAME.test(name)) continue;
    chosen.add(name);
    picks.push(index);
  }
  const kept = [...chosen];
  return { layout: { hash: layoutHash(kept), names: kept }, picks };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
