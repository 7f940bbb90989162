import { randomOf } from "../../src/demo/random.ts";
import { type FleetOptions, hasBursts } from "../fleet/fleet.ts";

/** One that moves in bursts on some hosts, and one that moves everywhere in each interval. */
export const EVENT = "TcpExtListenOverflows";
export const DENSE = "TcpPassiveOpens";

/** How much the two grew in each interval on one host. */
export interface TwoCounters {
  readonly event: Float64Array;
  readonly dense: Float64Array;
}

/** Of the hosts with bursts, each has one, of a quarter of an hour at most. */
const BURST_STEPS = 90;

export function twoCounters(fleet: FleetOptions, index: number, steps: number): TwoCounters {
  const random = randomOf(`${fleet.seed} two counters ${index}`);
  const [event, dense] = [new Float64Array(steps), new Float64Array(steps)];
  const rate = 2 * 250 ** random();
  for (let step = 0; step < steps; step++) dense[step] = Math.floor(rate * (5 + 10 * random()));
  if (hasBursts(fleet, index)) {
    const length = 1 + Math.floor(random() * Math.min(BURST_STEPS, steps - 1));
    const first = Math.floor(random() * (steps - length));
    for (let step = first; step < first + length; step++) event[step] = 1 + Math.floor(random() * 300);
  }
  return { event, dense };
}
