import { randomOf } from "../../../src/demo/random.ts";
import { waitFor } from "../../support/wait.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { Fleet } from "./agents.ts";
import { checkInvariants, type Violations } from "./check.ts";
import { type Held, leaksOf, MemoryWatch } from "./memory.ts";
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
  /** Of a service and a worker that lived through it all, where there were such. */
  readonly held: ReadonlyMap<string, readonly Held[]>;
  readonly statuses: ReadonlyMap<string, number>;
}

/** How long agents may take to send what has gathered, once all is well again, in ms. */
const RECOVERY_MS = 60_000;
/** Longer than that, and it is no recovery. */
const DRAIN_MS = 180_000;

/** Nobody asks for an end. */
const NEVER = new AbortController().signal;

/**
 * A scenario from the start to the verdict.
 *
 * @param seed decides what can be decided; processes and disks do the rest
 * @param stop ends it in the middle, without a verdict
 * @param recoverWithinMs more is a violation
 * @throws what `stop` was aborted with, and what keeps a world from being made
 */
export async function play(
  scenario: Scenario,
  seed: string,
  hosts = 20,
  stop: AbortSignal = NEVER,
  recoverWithinMs = RECOVERY_MS,
): Promise<Played> {
  const world = await World.open({ services: 1, workers: 1, ...scenario.world });
  const memory = new MemoryWatch(() => (scenario.world?.survivors ? world.survivors : new Map()));
  try {
    const { journal } = world;
    const { durationMs } = scenario;
    const fleet = new Fleet({
      seed,
      hosts: hosts * (scenario.crowd ?? 1),
      token: world.ingestToken,
      urls: world.urls,
      journal,
      durationMs,
      ...scenario.fleet,
    });
    let recoveryMs = 0;
    const violations: { invariant: string; what: string }[] = [];
    try {
      await unlessStopped(stop, scenario.run(world, randomOf(`${seed} faults`)));
      await world.heal();
      const healed = performance.now();
      fleet.rest();
      const drained = () => fleet.waiting === 0 || stop.aborted;
      await waitFor("agents to have sent what they have", drained, { timeoutMs: DRAIN_MS });
      recoveryMs = performance.now() - healed;
    } catch (error) {
      violations.push({ invariant: "I8", what: (error as Error).message });
    } finally {
      await fleet.stop();
      memory.stop();
    }
    stop.throwIfAborted();
    if (recoveryMs > recoverWithinMs)
      violations.push({ invariant: "I8", what: `recovery took ${recoveryMs} ms` });
    for (const agent of world.agents) {
      await agent.settle(world).catch((error: Error) => {
        violations.push({ invariant: "I6", what: error.message.slice(0, 2_000) });
      });
    }
    violations.push(...(await unlessStopped(stop, checkInvariants(world))));
    violations.push(...((await scenario.verify?.(world)) ?? []));
    violations.push(...leaksOf(memory.held));
    const { made, acknowledged, unanswered, statuses } = journal;
    if (unanswered !== 0 && violations.length === 0) {
      violations.push({ invariant: "I6", what: `${unanswered} snapshots were never acknowledged` });
    }
    const { peakMb } = world;
    const { held } = memory;
    return { scenario, seed, made, acknowledged, recoveryMs, violations, peakMb, held, statuses };
  } finally {
    memory.stop();
    await world.close();
  }
}

/** Does not wait for the work's end when it is stopped; what it then does fails, for its world is gone. */
async function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    stop.throwIfAborted();
    stop.addEventListener("abort", () => reject(stop.reason), { signal: controller.signal });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, stopped]);
  } finally {
    controller.abort();
  }
}
