import { isGauge } from "../../../src/catalog/catalog.ts";
import { toCount } from "../../../src/protocol/count.ts";
import { type Increases, increasesOf } from "../../../src/rates/increases.ts";
import { type Interval, intervalOf } from "../../../src/rates/interval.ts";
import type { Epoch, Layout, Snapshot } from "../../../src/rates/snapshot.ts";
import { counterValues, valueAt } from "../../../src/rates/values.ts";
import type { Events, Range, Subject } from "./check.ts";
import { type Sample, type Scenario, sameTarget, type Target } from "./scenario.ts";

interface Step {
  readonly sample: Sample;
  readonly interval: Interval;
  readonly increases: Increases;
}

/** The pure rates alone: what has been delivered, sorted by time, in memory. */
export function onRates({ samples }: Scenario): Subject {
  const make = new SnapshotMaker();
  let known: readonly Sample[] = [];

  const stepsOf = (target: Target): Step[] => {
    const previous = new Map<string, Snapshot>();
    const earlier = new Map<number, Snapshot>();
    return known
      .filter((sample) => sameTarget(sample.target, target))
      .sort((a, b) => a.datedMs - b.datedMs)
      .map((sample) => {
        const snapshot = make.snapshot(sample);
        const key = `${sample.incarnation} ${snapshot.epoch.id}`;
        const interval = intervalOf(
          snapshot,
          previous.get(key) ?? null,
          earlier.get(sample.incarnation) ?? null,
        );
        previous.set(key, snapshot);
        earlier.set(sample.incarnation, snapshot);
        return { sample, interval, increases: increasesOf(snapshot, interval) };
      });
  };
  const within = (target: Target, { fromMs, toMs }: Range) =>
    stepsOf(target).filter(({ sample }) => sample.datedMs > fromMs && sample.datedMs <= toMs);

  return {
    deliver: async (untilMs) => {
      known = samples.filter(({ deliveredMs }) => deliveredMs <= untilMs);
    },
    increase: async (target, counter, range) => {
      let sum: bigint | null = null;
      for (const { sample, increases } of within(target, range)) {
        const count = valueAt(increases.counts, make.positionOf(sample, counter));
        if (count !== null) sum = (sum ?? 0n) + BigInt(count);
      }
      return sum;
    },
    rate: async (target, counter, range) => {
      const rates = within(target, range).flatMap(({ sample, increases }) => {
        const count = valueAt(increases.counts, make.positionOf(sample, counter));
        return count === null || increases.ratedMs === 0 ? [] : [(Number(count) * 1000) / increases.ratedMs];
      });
      return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
    },
    events: async (target, range): Promise<Events> => {
      const steps = within(target, range);
      return {
        resets: steps.flatMap(({ sample, interval, increases }) =>
          interval.kind === "sinceBoot" ||
          (interval.kind === "baseline" && interval.reason === "rebooted") ||
          increases.baseline === "recreated"
            ? [sample.datedMs]
            : [],
        ),
        gaps: steps.flatMap(({ sample, interval }) =>
          (interval.kind === "interval" && !interval.rated) ||
          (interval.kind === "baseline" && interval.reason === "gap")
            ? [{ fromMs: interval.previous.at, toMs: sample.datedMs }]
            : [],
        ),
      };
    },
  };
}

/** Snapshots as src/rates has them, of ids given out as they come. */
class SnapshotMaker {
  readonly #counters = new Map<string, number>();
  readonly #layouts = new Map<string, Layout>();
  readonly #epochs = new Map<string, Epoch>();

  snapshot(sample: Sample): Snapshot {
    const counts = [...sample.values.values()].map((value) => (value === null ? null : toCount(value)));
    return {
      at: sample.datedMs,
      uptimeMs: sample.uptimeMs,
      everyMs: sample.everyMs,
      bornUptimeMs: sample.bornUptimeMs,
      epoch: this.#epoch(sample),
      layout: this.#layout([...sample.values.keys()]),
      values: counterValues(counts),
    };
  }

  /** Where a counter stands in a sample; -1 where it does not. */
  positionOf(sample: Sample, counter: string): number {
    return [...sample.values.keys()].indexOf(counter);
  }

  #epoch({ target, boot, epoch, wordSize }: Sample): Epoch {
    const key = `${target.host} ${boot} ${epoch}`;
    const known = this.#epochs.get(key);
    if (known !== undefined) return known;
    const made = { id: this.#epochs.size + 1, bootId: boot, number: epoch, wordSize };
    this.#epochs.set(key, made);
    return made;
  }

  #layout(names: readonly string[]): Layout {
    const key = names.join(" ");
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const made = {
      id: this.#layouts.size + 1,
      counterIds: Int32Array.from(names, (name) => this.#counterId(name)),
      gauges: Uint8Array.from(names, (name) => Number(isGauge(name))),
    };
    this.#layouts.set(key, made);
    return made;
  }

  #counterId(name: string): number {
    const id = this.#counters.get(name) ?? this.#counters.size + 1;
    this.#counters.set(name, id);
    return id;
  }
}
