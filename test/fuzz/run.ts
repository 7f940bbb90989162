/** `npm run fuzz`: the targets of test/fuzz/targets.ts, one after another (docs/reliability.md). */
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { encoded, keepInput } from "./corpus.ts";
import { fuzz } from "./target.ts";
import { TARGETS } from "./targets.ts";

const USAGE = `npm run fuzz -- [options]
  --minutes 10           of all targets together
  --cases 1000000        inputs for each, however long that takes
  --only spool,procfs    targets whose names begin so
  --seed 7               the same inputs again, as far as time allows
What fails is made as small as it can be, told with its seed, and kept in test/fuzz/corpus; the next target goes on.`;

const DEFAULT_MINUTES = "10";
/** More than any time allows. */
const ENDLESS = 2 ** 31 - 1;

interface Plan {
  readonly chosen: typeof TARGETS;
  readonly seed: number;
  readonly cases: number;
  /** Of each target; undefined for as long as its inputs take. */
  readonly milliseconds?: number;
}

/** @throws Error that names the option at fault */
function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      cases: { type: "string" },
      only: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    },
  });
  const only = values.only?.split(",") ?? [""];
  for (const begin of only) {
    if (TARGETS.some(({ name }) => name.startsWith(begin))) continue;
    throw new Error(
      `--only ${begin}: no target begins so; there are ${TARGETS.map(({ name }) => name).join(", ")}`,
    );
  }
  const chosen = TARGETS.filter(({ name }) => only.some((begin) => name.startsWith(begin)));
  const plan = { chosen, seed: numberOf("--seed", values.seed, 0) };
  if (values.minutes === undefined && values.cases !== undefined) {
    return { ...plan, cases: numberOf("--cases", values.cases, 1) };
  }
  const minutes = numberOf("--minutes", values.minutes ?? DEFAULT_MINUTES, 0.01);
  const cases = values.cases === undefined ? ENDLESS : numberOf("--cases", values.cases, 1);
  return { ...plan, cases, milliseconds: (minutes * 60_000) / chosen.length };
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!(value >= least)) throw new Error(`${name} ${text}: give a number from ${least} on`);
  return value;
}

function read(args: readonly string[]): Plan {
  if (args.includes("--help")) {
    console.log(USAGE);
    process.exit();
  }
  try {
    return planOf(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { chosen, ...limits } = read(process.argv.slice(2));
const { seed } = limits;
const interrupted = new AbortController();
process.on("SIGINT", () => interrupted.abort());

let failures = 0;
for (const target of chosen) {
  if (interrupted.signal.aborted) break;
  const { cases, slowestMs, failure } = await fuzz(target, { ...limits, stop: interrupted.signal });
  const told = `${target.name}: ${cases.toLocaleString("en")} inputs, the slowest took ${slowestMs.toFixed(1)} ms`;
  console.log(failure === null ? told : `${told}; FAILED with --seed ${seed}`);
  if (failure === null) continue;
  failures++;
  const path = keepInput(target.name, failure.input);
  console.log(`    ${failure.message.split("\n").slice(0, 12).join("\n    ")}`);
  console.log(`    ${JSON.stringify(encoded(failure.input)).slice(0, 1_000)}`);
  console.log(`    kept in ${relative(process.cwd(), path)}`);
}
console.log(`seed ${seed}: ${failures} of ${chosen.length} targets failed`);
process.exitCode = failures === 0 ? 0 : 1;
