import type { FleetOptions } from "../kit/agents.ts";
import type { Violations } from "../kit/check.ts";
import { hasPooler } from "../kit/pooler.ts";
import type { World, WorldOptions } from "../kit/world.ts";

/** What is done to a whole Spillway while its agents push. */
export interface Scenario {
  /** Its number in the plan. */
  readonly id: number;
  readonly title: string;
  readonly world?: Partial<WorldOptions>;
  readonly fleet?: Partial<
    Pick<FleetOptions, "copies" | "shuffled" | "contradicting" | "jumping" | "backlog" | "paceMs">
  >;
  /** So many times as many hosts as are asked for. */
  readonly crowd?: number;
  /** For how long agents make snapshots, in ms: that of the faults, and a little more. */
  readonly durationMs: number;
  /** The faults, one after another. Afterwards everything is healed, and the invariants are asked for. */
  run(world: World, random: () => number): Promise<void>;
  /** What else must hold when all is healed and sent. */
  verify?(world: World): Promise<Violations>;
}

/** What this machine lacks to run it; null when it lacks nothing. */
export function lacking({ world = {} }: Scenario): string | null {
  const { agentDiskMb, tablesMb, between } = world;
  if ((agentDiskMb ?? tablesMb) !== undefined && process.getuid?.() !== 0)
    return "root, to make a small disk";
  if (between === "pooler" && !hasPooler) return "PgBouncer";
  return null;
}
