import type { FleetOptions } from "../kit/agents.ts";
import type { World, WorldOptions } from "../kit/world.ts";

/** What is done to a whole Spillway while its agents push. */
export interface Scenario {
  /** Its number in the plan. */
  readonly id: number;
  readonly title: string;
  readonly world?: Partial<WorldOptions>;
  readonly fleet?: Partial<Pick<FleetOptions, "hosts" | "copies" | "shuffled">>;
  /** For how long agents make snapshots, in ms: that of the faults, and a little more. */
  readonly durationMs: number;
  /** The faults, one after another. Afterwards everything is healed, and the invariants are asked for. */
  run(world: World, random: () => number): Promise<void>;
}
