import { COUNTERS, PLACE } from "../counters.ts";
import { delivers, once, reboots } from "../faults.ts";
import type { Delivery } from "../host.ts";
import { HOUR_MS, MINUTE_MS, plotOf, type Scenario, SECOND_MS, spanOf } from "../scenario.ts";

/** Faults of the measuring, and what looks like them and is none. */

const reboot: Scenario = {
  name: "a reboot, or a namespace made anew",
  parameters: "20-80 s without a snapshot, then every counter from 0",
  expected: "nothing",
  plot: (stage) => {
    const host = stage.host();
    const span = spanOf(stage, stage.chance.whole(20, 80) * SECOND_MS);
    host.faults.push(...reboots(span, stage.chance.pick(["boot", "namespace"] as const)));
    return plotOf(stage, [host], []);
  },
};

const clock: Scenario = {
  name: "a clock is set",
  parameters: "the agent begins a new epoch; snapshots meanwhile are dated up to 5 min back",
  expected: "nothing",
  plot: (stage) => {
    const host = stage.host();
    const span = spanOf(stage, 0);
    const off = stage.chance.whole(1, 300) * SECOND_MS;
    host.faults.push(
      delivers({ from: span.from - 20 * SECOND_MS, to: span.from }, (one) => ({
        ...one,
        snapshot: { ...one.snapshot, at: one.snapshot.at - off },
      })),
      once(span.from, (own) => own.restart("agent", span.from)),
    );
    return plotOf(stage, [host], []);
  },
};

const missing: Scenario = {
  name: "snapshots are lost, late, twice, in another order",
  parameters: "1-7 lost, or up to 60 s late, or each twice, or two swapped",
  expected: "nothing",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host();
    const span = spanOf(stage, chance.whole(1, 7) * 10 * SECOND_MS);
    const later = (one: Delivery, ms: number): Delivery => ({ ...one, arrivesAt: one.arrivesAt + ms });
    const lateMs = chance.whole(10, 60) * SECOND_MS;
    let swaps = 0;
    const deliver = chance.pick([
      () => null,
      (one: Delivery) => later(one, lateMs),
      (one: Delivery) => [one, later(one, 2_000)],
      (one: Delivery) => later(one, swaps++ % 2 === 0 ? 12_000 : 0),
    ]);
    host.faults.push(delivers(span, deliver));
    return plotOf(stage, [host], []);
  },
};

const silent: Scenario = {
  name: "a host falls silent",
  parameters: "no snapshot for 3-60 min",
  expected: "HOST_SILENT",
  plot: (stage) => {
    const host = stage.host();
    const span = spanOf(stage, stage.chance.logBetween(3, 60) * MINUTE_MS);
    host.faults.push(delivers(span, () => null));
    return plotOf(stage, [host], [{ ...span, causes: ["HOST_SILENT"], expected: "incident" }]);
  },
};

const frozen: Scenario = {
  name: "an agent is frozen",
  parameters: "the same values for 5 min-6 h",
  expected: "HOST_SILENT",
  isLarge: true,
  plot: (stage) => {
    const host = stage.host();
    const span = spanOf(stage, stage.chance.logBetween(5, 360) * MINUTE_MS);
    let held: Delivery["snapshot"]["values"] | null = null;
    host.faults.push(
      delivers(span, (one) => {
        held ??= one.snapshot.values;
        return { ...one, snapshot: { ...one.snapshot, values: held } };
      }),
    );
    return plotOf(stage, [host], [{ ...span, causes: ["HOST_SILENT"], expected: "incident" }]);
  },
};

const wrap: Scenario = {
  name: "a 32-bit counter wraps",
  parameters: "any one counter, with and without traffic",
  expected: "nothing",
  plot: (stage) => {
    const host = stage.host();
    const place = PLACE[stage.chance.pick(COUNTERS)];
    host.wordSize = 32;
    host.epoch = { ...host.epoch, wordSize: 32 };
    host.totals[place] = 2 ** 32 - stage.chance.whole(1, 100_000);
    const span = spanOf(stage, HOUR_MS);
    return plotOf(stage, [host], [], { to: span.to });
  },
};

const regression: Scenario = {
  name: "a counter falls",
  parameters: "one counter, by 1-10^6",
  expected: "DATA_PROBLEM",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host();
    const span = spanOf(stage, MINUTE_MS);
    const place = PLACE[chance.pick(COUNTERS)];
    const by = Math.round(chance.logBetween(1, 1_000_000));
    host.faults.push(
      once(span.from, ({ totals }) => {
        // By more than what it grew by in the meantime, or it does not fall.
        const grown = totals[PLACE.TcpInSegs] as number;
        totals[place] = Math.max(0, (totals[place] as number) - by - Math.min(grown, 5e6));
      }),
    );
    return plotOf(stage, [host], [{ ...span, causes: ["DATA_PROBLEM"], expected: "incident" }]);
  },
};

export const DATA_SCENARIOS = [reboot, clock, missing, silent, frozen, wrap, regression];
