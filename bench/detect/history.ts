import { isEventCounter } from "../../src/catalog/catalog.ts";
import type { ShardMinute } from "../../src/detect/columns.ts";
import { SEASONAL_SERIES, STILL_SERIES } from "../../src/detect/series.ts";
import { type Increases, increasesOf } from "../../src/rates/increases.ts";
import { intervalOf } from "../../src/rates/interval.ts";
import { isComplete } from "../../src/rates/listeners.ts";
import { MINUTE_MS, MinuteSum, minuteOf } from "../../src/rates/minute.ts";
import { POSITIONS } from "../../src/rates/shard-sums.ts";
import { type Counter, counterName, PLACE } from "./corpus/counters.ts";
import type { Delivery } from "./corpus/host.ts";

/** How far back the snapshots of a host are looked at. */
const KEPT_MS = 8 * MINUTE_MS;
/** They are forgotten so many at a time. */
const FORGET_EACH = 64;
const EMPTY_GAUGES = new Float64Array(POSITIONS).fill(Number.NaN);

/** Places of the counters that stand still on a healthy host: where one moves, its minute is judged at once. */
const EVENTS = [
  ...new Set(
    [...STILL_SERIES, ...SEASONAL_SERIES]
      .filter(({ kind }) => kind === "event")
      .map(({ counter }) => PLACE[counter as Counter]),
  ),
];

/** A snapshot that came in, with its increases. */
export interface Known extends Delivery {
  increases: Increases;
}

/** What the service knows of one host: its newest snapshots, by time, with their increases. */
export class HostHistory {
  #known: Known[] = [];
  /** The newest complete list that is older than what is kept. */
  #listed: Known | null = null;
  /** When it was heard of last, on the service's clock. */
  lastSeen = 0;

  get all(): readonly Known[] {
    return this.#known;
  }

  /** What a diagnosis is made from: the snapshots since then, and before them the newest complete list. */
  since(from: number): readonly Delivery[] {
    let first = this.#known.length;
    while (first > 0 && (this.#known[first - 1] as Known).snapshot.at >= from) first--;
    const own = this.#known.slice(first);
    for (let index = first - 1; index >= 0; index--) {
      const one = this.#known[index] as Known;
      if (one.listeners !== null && isComplete(one.listeners)) return [one, ...own];
    }
    return this.#listed === null ? own : [this.#listed, ...own];
  }

  /** Takes a snapshot that came in; one that is known is left out. @returns it with its increases; null if it is known */
  add(delivery: Delivery): Known | null {
    const { at } = delivery.snapshot;
    this.lastSeen = Math.max(this.lastSeen, delivery.arrivesAt);
    let place = this.#known.length;
    while (place > 0 && (this.#known[place - 1] as Known).snapshot.at > at) place--;
    if (this.#known[place - 1]?.snapshot.at === at) return null;
    const known = { ...delivery, increases: this.#increasesAt(delivery, place) };
    this.#known.splice(place, 0, known);
    const later = this.#known[place + 1];
    // What came late is the predecessor of the one after it.
    if (later !== undefined) later.increases = this.#increasesAt(later, place + 1);
    this.#forget(at - KEPT_MS);
    return known;
  }

  #increasesAt({ snapshot }: Delivery, place: number): Increases {
    let previous: Delivery["snapshot"] | null = null;
    for (let index = place - 1; index >= 0 && previous === null; index--) {
      const one = (this.#known[index] as Known).snapshot;
      if (one.epoch.id === snapshot.epoch.id) previous = one;
    }
    return increasesOf(snapshot, intervalOf(snapshot, previous, this.#known[place - 1]?.snapshot ?? null));
  }

  #forget(before: number): void {
    // Not one by one, and never the newest: it is the predecessor of what comes.
    const oldest = this.#known[FORGET_EACH];
    if (oldest === undefined || oldest.snapshot.at >= before) return;
    for (const one of this.#known.slice(0, FORGET_EACH)) {
      if (one.listeners !== null && isComplete(one.listeners)) this.#listed = one;
    }
    this.#known = this.#known.slice(FORGET_EACH);
  }
}

/** What is rolled up of a minute that is not over. */
const isOpenCounter = (counterId: number) => isEventCounter(counterName(counterId));

/**
 * The minute of a shard by what is known of its hosts, by position: as it is rolled up, and read to be judged.
 *
 * @param isOver of one that is not, the counters that are looked at alone
 */
export function minuteOfShard(
  at: number,
  hosts: Iterable<readonly [position: number, history: HostHistory]>,
  isOver: boolean,
): ShardMinute {
  const sum = new MinuteSum(isOver ? null : isOpenCounter);
  const established = EMPTY_GAUGES.slice();
  let disturbed: Uint8Array | null = null;
  for (const [position, { all }] of hosts) {
    for (let index = all.length - 1; index >= 0; index--) {
      const { snapshot, increases } = all[index] as Known;
      const minute = minuteOf(snapshot.at);
      if (minute < at) break;
      if (minute > at) continue;
      sum.add(position, snapshot, increases);
      if (Number.isNaN(established[position])) {
        established[position] = snapshot.values.numbers[PLACE.TcpCurrEstab] as number;
      }
      const before = all[index - 1];
      if (before === undefined || before.snapshot.epoch.id === snapshot.epoch.id) continue;
      disturbed ??= new Uint8Array(POSITIONS);
      disturbed[position] = 1;
    }
  }
  const ratedMs = new Float64Array(POSITIONS);
  for (const { coveredMs } of sum.layouts()) {
    for (let position = 0; position < POSITIONS; position++) {
      ratedMs[position] = Math.max(0, coveredMs[position] as number);
    }
  }
  const increases = new Map<string, Float64Array>();
  for (const { counterId, values, unrated } of sum.counters()) {
    const column = values.numbers;
    if (unrated !== null) {
      for (let position = 0; position < POSITIONS; position++) {
        column[position] = (column[position] as number) - (unrated.numbers[position] as number);
      }
    }
    increases.set(counterName(counterId), column);
  }
  return { at, ratedMs, increases, gauges: new Map([["TcpCurrEstab", established]]), disturbed };
}

/** Whether a counter of events moved up to a snapshot, in time of which a rate is known. */
export function movedEvents({ increases: { counts, ratedMs } }: Known): boolean {
  if (ratedMs <= 0) return false;
  for (const place of EVENTS) if ((counts.numbers[place] as number) > 0) return true;
  return false;
}
