import type { FleetOptions } from "../fleet/fleet.ts";
import { FLEET_DEFAULTS } from "../fleet/fleet.ts";
import type { Workshop } from "../support/workshop.ts";
import { type Deployment, deploy } from "./deployment.ts";
import { type Generator, startGenerator } from "./generator-client.ts";
import type { Measured } from "./measure.ts";
import type { Sizes } from "./options.ts";

/** One row of a table. */
export interface Row {
  readonly shape: string;
  /** What was done, in words. */
  readonly name: string;
  /** The label of the requests whose times are told. */
  readonly label: string;
  readonly measured: Measured;
  /** What this shape alone has to tell. */
  readonly notes: readonly string[];
}

export type Shape = (shop: Workshop, sizes: Sizes) => Promise<Row[]>;

export interface Stage {
  readonly deployment: Deployment;
  readonly generator: Generator;
}

/** The name of the agents, and of their usual pushes. */
export const AGENTS = "agents";
export const PUSHES = "pushes";
/** Agents that are new say so at most so many a second. */
const GREETINGS_PER_SECOND = 500;
const GREETED_MS = 60_000;

export async function setStage(shop: Workshop): Promise<Stage> {
  return { deployment: await deploy(shop), generator: startGenerator(shop) };
}

/** A fleet whose first snapshots are so many intervals old. */
export function fleetOf(sizes: Sizes, intervalsAgo = 1): FleetOptions {
  const { hosts, intervalMs: everyMs } = sizes;
  return { ...FLEET_DEFAULTS, hosts, everyMs, startMs: Date.now() - intervalsAgo * everyMs };
}

/**
 * Each agent's first push, not measured: as a fleet is that has been there for a while, they are known and connected.
 *
 * @param hosts of all names
 * @param from the first of them that is new
 */
export async function greet(
  { deployment, generator }: Stage,
  names: readonly string[],
  hosts: number,
  from = 0,
): Promise<void> {
  const withinMs = Math.max(1_000, ((hosts - from) / GREETINGS_PER_SECOND) * 1_000);
  await generator.plan(
    names.map((of) => ({ of, label: "greeting", kind: "burst" as const, from, intervals: 1, withinMs })),
  );
  await generator.run(GREETED_MS);
  // Late as they came, these snapshots count as lag until they are rolled up.
  await deployment.settle();
}

/** Agents push, each at its own moment of the interval. */
export function pushing({ hosts, intervalMs, seconds }: Sizes) {
  return {
    of: AGENTS,
    label: PUSHES,
    kind: "paced",
    hosts,
    everyMs: intervalMs,
    forMs: seconds * 1_000,
  } as const;
}

/** Such as "1,000 hosts each 10 s". */
export function fleetWords({ hosts, intervalMs }: Pick<Sizes, "hosts" | "intervalMs">): string {
  return `${hosts.toLocaleString("en-US")} hosts each ${Number((intervalMs / 1_000).toFixed(1))} s`;
}
