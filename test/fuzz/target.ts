/** What is fuzzed: inputs of a kind, and what must hold of each of them. */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { keptInputs } from "./corpus.ts";

export interface FuzzTarget {
  /** Names its folder of the corpus, and chooses it: `--only`. */
  readonly name: string;
  /** How many inputs it gets in `npm test`. */
  readonly cases: number;
  readonly input: fc.Arbitrary<unknown>;
  /** @throws when something does not hold */
  readonly check: (input: unknown) => void | Promise<void>;
}

/** A target whose inputs have a type. */
export function target<T>(
  name: string,
  {
    cases,
    input,
    check,
  }: { cases: number; input: fc.Arbitrary<T>; check: (input: T) => void | Promise<void> },
): FuzzTarget {
  return { name, cases, input, check: (one) => check(one as T) };
}

export interface FuzzLimits {
  readonly seed: number;
  readonly cases: number;
  readonly milliseconds?: number;
  readonly stop?: AbortSignal;
}

export interface Fuzzed {
  readonly cases: number;
  /** The longest that an input took, in ms of CPU and of waiting. */
  readonly slowestMs: number;
  readonly failure: { readonly input: unknown; readonly message: string } | null;
}

/** CPU that no input may cost, in ms: far more than the slowest does on a busy machine. */
const HANG_MS = 10_000;
/** What lies in wait for the event loop (memory of zlib, signals) gets its turn after so many inputs. */
const CASES_A_TURN = 200;

/** Runs what is kept of a target, then inputs made of the seed. */
export async function fuzz(
  { name, input, check }: FuzzTarget,
  { seed, cases, milliseconds, stop }: FuzzLimits,
): Promise<Fuzzed> {
  const kept = keptInputs(name);
  let [ran, slowestMs] = [0, 0];
  const property = fc.asyncProperty(input, async (one) => {
    if (stop?.aborted === true) return;
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    await check(one);
    const tookMs = performance.now() - started;
    slowestMs = Math.max(slowestMs, tookMs);
    const { user } = tookMs > HANG_MS ? process.cpuUsage(cpu) : { user: 0 };
    if (user > HANG_MS * 1_000) throw new Error(`it took ${Math.round(user / 1_000)} ms of CPU`);
    if (++ran % CASES_A_TURN === 0) await turn();
  });
  const details = await fc.check(property, {
    seed,
    numRuns: kept.length + cases,
    examples: kept.map((one): [unknown] => [one]),
    ...(milliseconds === undefined ? {} : { interruptAfterTimeLimit: milliseconds }),
  });
  const { counterexample, errorInstance } = details;
  if (counterexample === null) return { cases: ran, slowestMs, failure: null };
  const message = errorInstance instanceof Error ? (errorInstance.stack ?? "") : String(errorInstance);
  return { cases: ran, slowestMs, failure: { input: counterexample[0], message } };
}
