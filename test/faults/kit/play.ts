import { randomOf } from "../../../src/demo/random.ts";
import { waitFor } from "../../support/wait.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { Fleet } from "./agents.ts";
import { checkInvariants, type Violations } from "./check.ts";
import { World } from "./world.ts";

export interface Played {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly made: number;
  readonly acknowledged: number;
  /** From the end of the faults until nothing waited, in ms. */
  readonly recoveryMs: number;
  readonly violations: Violations;
  readonly peakMb: ReadonlyMap<string, number>;
  readonly statuses: ReadonlyMap<string, number>;
}

/** How long agents may take to send what has gathered, once all is well again, in ms. */
const RECOVERY_MS = 60_000;
/** Longer than that, and it is no recovery. */
const DRAIN_MS = 180_000;

/** A scenario from the start to the verdict. @param seed decides what can be decided; processes and disks do the rest */
export async function play(scenario: Scenario, seed: string, hosts = 20): Promise<Played> {
  const world = await World.open({ services: 1, workers: 1, ...scenario.world });
  try {
    const { journal } = world;
    const { durationMs } = scenario;
    const fleet = new Fleet({
      seed,
      hosts,
      token: world.ingestToken,
      urls: world.urls,
      journal,
      durationMs,
      ...scenario.fleet,
    });
    let recoveryMs = 0;
    const violations: { invariant: string; what: string }[] = [];
    try {
      await scenario.run(world, randomOf(`${seed} faults`));
      await world.heal();
      const healed = performance.now();
      fleet.rest();
      await waitFor("agents to have sent what they have", () => fleet.waiting === 0, { timeoutMs: DRAIN_MS });
      recoveryMs = performance.now() - healed;
    } catch (error) {
      violations.push({ invariant: "I8", what: (error as Error).message });
    } finally {
      await fleet.stop();
    }
    if (recoveryMs > RECOVERY_MS)
      violations.push({ invariant: "I8", what: `recovery took ${recoveryMs} ms` });
    violations.push(...(await checkInvariants(world)));
    const { made, acknowledged, statuses } = journal;
    if (acknowledged !== made && violations.length === 0) {
      violations.push({ invariant: "I6", what: `${made - acknowledged} snapshots were never acknowledged` });
    }
    return { scenario, seed, made, acknowledged, recoveryMs, violations, peakMb: world.peakMb, statuses };
  } finally {
    await world.close();
  }
}
