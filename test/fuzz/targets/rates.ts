/** src/rates against the slow oracle. */
import fc from "fast-check";
import { expect } from "vitest";
import { GaugeSums } from "../../../src/rates/gauges.ts";
import { increasesOf } from "../../../src/rates/increases.ts";
import { intervalOf } from "../../../src/rates/interval.ts";
import { ListenerHistory, type ListenerSample } from "../../../src/rates/listeners.ts";
import { MinuteSum, minuteOf } from "../../../src/rates/minute.ts";
import { CONSTANT, type Epoch, GAUGE, type Layout, type Snapshot } from "../../../src/rates/snapshot.ts";
import { counterValues } from "../../../src/rates/values.ts";
import { historyOf, plan } from "../../support/histories.ts";
import {
  layoutOf,
  type OracleSnapshot,
  oracleCoverage,
  oracleGauges,
  oracleListeners,
  oracleMinutes,
} from "../../support/oracle.ts";
import { count, wireListeners } from "../../support/wire.ts";
import { type FuzzTarget, target } from "../target.ts";

/** Ids as the database would give them out. */
class Ids {
  readonly #ids = new Map<string, number>();

  of(name: string): number {
    const known = this.#ids.get(name) ?? this.#ids.size + 1;
    this.#ids.set(name, known);
    return known;
  }

  nameOf(id: number): string {
    return [...this.#ids].find(([, one]) => one === id)?.[0] ?? "";
  }
}

const counters = new Ids();
const layouts = new Ids();
const madeLayouts = new Map<string, Layout>();

function layoutFor(one: OracleSnapshot): Layout {
  const key = layoutOf(one);
  let layout = madeLayouts.get(key);
  if (layout === undefined) {
    const names = key.split(",");
    layout = {
      id: layouts.of(key),
      counterIds: Int32Array.from(names, (name) => counters.of(name)),
      gauges: Uint8Array.from(names, (name) =>
        name === "TcpCurrEstab" ? GAUGE : name === "TcpRtoMin" ? CONSTANT : 0,
      ),
    };
    madeLayouts.set(key, layout);
  }
  return layout;
}

function snapshotsOf(history: readonly OracleSnapshot[]): Snapshot[] {
  const ids = new Ids();
  const epochs = new Map<number, Epoch>();
  return history.map((one) => {
    const id = ids.of(`${one.boot} ${one.epoch}`);
    const { wordSize } = one;
    const epoch = epochs.get(id) ?? { id, bootId: one.boot, number: one.epoch, wordSize };
    epochs.set(id, epoch);
    const layout = layoutFor(one);
    const names = layoutOf(one).split(",");
    return {
      at: one.at,
      uptimeMs: one.uptimeMs,
      everyMs: one.everyMs,
      bornUptimeMs: one.bornUptimeMs ?? null,
      epoch,
      layout,
      values: counterValues(names.map((name) => count(one.values[name]))),
    };
  });
}

const POSITION = 77;

/** What src/rates makes of a history, the minutes' snapshots added in any order. */
function ratesOf(history: readonly OracleSnapshot[], order: readonly number[]) {
  const snapshots = snapshotsOf(history);
  const steps = snapshots.map((snapshot, index) => {
    const earlier = snapshots.slice(0, index);
    const previous = earlier.findLast(({ epoch }) => epoch.id === snapshot.epoch.id) ?? null;
    return {
      snapshot,
      increases: increasesOf(snapshot, intervalOf(snapshot, previous, earlier.at(-1) ?? null)),
    };
  });
  const sums = new Map<number, { sum: MinuteSum; gauges: GaugeSums }>();
  const shuffled = steps
    .map((step, index) => ({ ...step, key: order[index % order.length] ?? 0 }))
    .sort((a, b) => a.key - b.key);
  for (const { snapshot, increases } of shuffled) {
    const minute = minuteOf(snapshot.at);
    const made = sums.get(minute) ?? { sum: new MinuteSum(), gauges: new GaugeSums() };
    sums.set(minute, made);
    made.sum.add(POSITION, snapshot, increases);
    made.gauges.add(POSITION, snapshot);
  }

  const minutes = new Map<string, { total: bigint; unrated: bigint }>();
  const coverage = new Map<string, number>();
  const gauges = new Map<string, { last: bigint; lowest: bigint; highest: bigint }>();
  for (const [minute, made] of sums) {
    for (const counter of made.sum.counters()) {
      const { total, unrated, peak, affected } = counter.summary();
      expect([peak, affected]).toEqual([total, 1]);
      expect(counter.values.at(POSITION)).toBe(total);
      minutes.set(`${counters.nameOf(counter.counterId)} ${minute}`, {
        total: BigInt(total),
        unrated: BigInt(unrated),
      });
    }
    for (const layout of made.sum.layouts()) {
      coverage.set(`${layouts.nameOf(layout.layoutId)} ${minute}`, layout.coveredMs[POSITION] ?? -1);
    }
    for (const gauge of made.gauges.gauges()) {
      for (const [, { last, lowest, highest }] of gauge.entries()) {
        const range = { last: BigInt(last), lowest: BigInt(lowest), highest: BigInt(highest) };
        gauges.set(`${counters.nameOf(gauge.counterId)} ${minute}`, range);
      }
    }
  }
  return { minutes, coverage, gauges, listeners: listenersOf(history, snapshots) };
}

function listenersOf(history: readonly OracleSnapshot[], snapshots: readonly Snapshot[]) {
  const samples = history.flatMap((one, index): ListenerSample[] => {
    const snapshot = snapshots[index];
    const listeners = wireListeners(one);
    return snapshot === undefined || listeners === null ? [] : [{ snapshot, listeners }];
  });
  const all = new Map<string, object>();
  const dropsId = counters.of("TcpExtListenDrops");
  const unbroken = new ListenerHistory(dropsId);
  for (const minute of new Set(samples.map(({ snapshot }) => minuteOf(snapshot.at)))) {
    const before = samples.filter(({ snapshot }) => snapshot.at < minute);
    const own = samples.filter(({ snapshot }) => minuteOf(snapshot.at) === minute);
    const apart = new ListenerHistory(dropsId);
    apart.take(before);
    const made = apart.minute(own);
    // Minute by minute it is the same as by what was before each.
    expect(unbroken.minute(own)).toEqual(made);
    for (const one of made.told) {
      const { samples: taken, samplesFull, peakQueue, weight, socket } = one;
      const { limit } = socket;
      all.set(`${socket.inode} ${minute}`, { samples: taken, samplesFull, peakQueue, limit, weight });
    }
  }
  return all;
}

const growth = fc.array(fc.bigInt(0n, 2n ** 58n), { minLength: 1, maxLength: 40 });

export const RATES: readonly FuzzTarget[] = [
  // Increases, coverage, gauges and listeners of any history.
  target("rates", {
    cases: 3_000,
    input: fc.record({ plan: plan(12), order: fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 }) }),
    check: ({ plan: one, order }) => {
      const history = historyOf(one, "host");
      const rates = ratesOf(history, order);
      expect(rates.minutes).toEqual(oracleMinutes(history));
      expect(rates.coverage).toEqual(oracleCoverage(history));
      expect(rates.gauges).toEqual(oracleGauges(history));
      expect(rates.listeners).toEqual(oracleListeners(history));
    },
  }),
  // Over a range without a reset the sum of all minutes is the difference of the raw values.
  target("rates-of-one-epoch", {
    cases: 2_000,
    input: fc.record({ first: fc.bigInt(0n, 2n ** 57n), grown: growth }),
    check: ({ first, grown }) => {
      let value = first;
      const history = [0n, ...grown].map((more, index): OracleSnapshot => {
        value += more;
        const at = Date.UTC(2026, 10, 22) + index * 25_000;
        const values = { TcpActiveOpens: value };
        return { at, uptimeMs: at - 1e9, everyMs: 10_000, boot: "b", epoch: 0, wordSize: 64, values };
      });
      if (value >= 2n ** 64n) return;
      const { minutes } = ratesOf(history, [0]);
      let sum = 0n;
      for (const { total } of minutes.values()) sum += total;
      expect(sum).toBe(value - first);
    },
  }),
];
