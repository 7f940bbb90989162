import { decodeBaselines, encodeBaselines } from "../../../src/detect/baseline/codec.ts";
import { ShardBaselines } from "../../../src/detect/baseline/shard-baselines.ts";
import { POSITIONS } from "../../../src/rates/shard-sums.ts";
import { Drive } from "../drive.ts";
import type { Member } from "../fleet.ts";
import { Chance } from "./chance.ts";
import { SimulatedHost } from "./host.ts";
import { HOUR_MS, MINUTE_MS, type Stage } from "./scenario.ts";
import { type HostShape, shapeOf } from "./shape.ts";

/** A Monday, 00:00 UTC. */
const T0 = Date.UTC(2026, 10, 2);
const DAY_MS = 24 * HOUR_MS;
/** Baselines learn by the minute. */
const LEARN_EVERY_MS = 60_000;
/** The role that faults of many hosts are of, and its connections a minute. */
const BIG_ROLE = 100;
const BIG_ROLE_PER_MINUTE = 600;
const ROLE_SIZE = 13;

/** A fleet of 256 hosts as it is after some weeks in which nothing was wrong. */
export interface Pool {
  readonly seed: string;
  readonly members: readonly Member[];
  readonly shapes: readonly HostShape[];
  /** When its time of learning ended, ms since 1970. */
  readonly learnedTo: number;
  /** What was learned, for each run to begin with. */
  learned(): ShardBaselines;
}

/** The hosts of a fleet: one role of a hundred, and twelve of thirteen, each of its own size. */
export function fleetShapes(seed: string): Pick<Pool, "members" | "shapes"> {
  const chance = new Chance(`${seed} shapes`);
  const perMinute = Array.from({ length: Math.ceil(POSITIONS / ROLE_SIZE) }, () =>
    chance.logBetween(10, 20_000),
  );
  const roles = Array.from({ length: POSITIONS }, (_, position) => {
    const index = Math.floor((position - BIG_ROLE) / ROLE_SIZE);
    return position < BIG_ROLE
      ? { role: "web", load: BIG_ROLE_PER_MINUTE }
      : { role: `role-${index}`, load: perMinute[index] as number };
  });
  const shapes = roles.map(({ load }) => shapeOf(chance, load));
  return {
    shapes,
    members: shapes.map(({ kernel }, id) => ({ id, role: roles[id]?.role ?? null, kernel })),
  };
}

/**
 * Lets a fleet learn. The seed alone decides what it learns.
 *
 * @param days of learning; below three little is judged
 * @returns its baselines, encoded
 */
export async function learnBaselines(seed: string, days: number): Promise<Uint8Array> {
  const { members, shapes } = fleetShapes(seed);
  const baselines = new ShardBaselines();
  const hosts = shapes.map(
    (shape, id) => new SimulatedHost(id, shape, `${seed} learns ${id}`, T0, LEARN_EVERY_MS),
  );
  await new Drive({ hosts, members, events: [], baselines, from: T0 }).run(learnedTo(days));
  return encodeBaselines(baselines);
}

/** The fleet after it has learned. @param learned as `learnBaselines` of the same seed and days gave it */
export function poolOf(seed: string, days: number, learned: Uint8Array): Pool {
  return {
    seed,
    ...fleetShapes(seed),
    learnedTo: learnedTo(days),
    learned: () => decodeBaselines(learned),
  };
}

function learnedTo(days: number): number {
  return T0 + days * DAY_MS;
}

/** What one run of a scenario is set up with: hosts of the pool, at an hour of the week after it has learned. */
export function stageOf({ seed, shapes, learnedTo }: Pool, scenario: string, run: number): Stage {
  const name = `${seed} ${scenario} ${run}`;
  const chance = new Chance(name);
  const start = learnedTo + chance.whole(0, 7 * 24 * 60 - 1) * MINUTE_MS;
  const used = new Set<number>();
  const hostAt = (id: number, more: Partial<HostShape> = {}) => {
    used.add(id);
    return new SimulatedHost(id, { ...(shapes[id] as HostShape), ...more }, `${name} ${id}`, start);
  };
  return {
    chance,
    start,
    busiest: shapes.reduce((most, { perMinute }) => Math.max(most, perMinute), 0),
    host: ({ least = 0, leastOutgoing = 0, fits = () => true, shape = () => ({}) } = {}) => {
      const fitting = shapes.flatMap((one, id) => {
        const isLarge = one.perMinute >= least && one.perMinute * one.outgoing >= leastOutgoing;
        return isLarge && fits(one) && !used.has(id) ? [id] : [];
      });
      if (fitting.length === 0)
        throw new Error(`no host of the pool ${seed} fits the scenario "${scenario}"`);
      const id = chance.pick(fitting);
      return hostAt(id, shape(shapes[id] as HostShape));
    },
    role: (count, shape = () => ({})) =>
      Array.from({ length: count }, (_, id) => hostAt(id, shape(shapes[id] as HostShape))),
  };
}
