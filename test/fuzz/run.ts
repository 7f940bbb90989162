/**
 * `npm run fuzz`: every target of test/fuzz/targets.ts, one after another, for a chosen time or so many inputs each.
 *
 *     npm run fuzz                                        # ten minutes in all
 *     npm run fuzz -- --minutes 60 --only spool,rates
 *     npm run fuzz -- --cases 1000000 --only procfs-paired-lines
 *     npm run fuzz -- --seed 7 --only rates               # the same inputs again, as far as time allows
 *
 * What fails is made as small as it can be, told with its seed, and kept in test/fuzz/corpus; the next target goes on.
 */
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { encoded, keepInput } from "./corpus.ts";
import { fuzz } from "./target.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    cases: { type: "string" },
    only: { type: "string" },
    seed: { type: "string" },
  },
});

const DEFAULT_MINUTES = 10;
/** More than any time allows. */
const ENDLESS = 2 ** 31 - 1;

const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const only = values.only?.split(",");
const unknown = only?.filter((name) => TARGETS.every((one) => one.name !== name)) ?? [];
if (unknown.length > 0) {
  throw new Error(`there is no target ${unknown.join(", ")}: ${TARGETS.map(({ name }) => name).join(", ")}`);
}
const chosen = TARGETS.filter(({ name }) => only === undefined || only.includes(name));
const minutes = values.minutes ?? (values.cases === undefined ? DEFAULT_MINUTES : null);
const milliseconds = minutes === null ? null : (Number(minutes) * 60_000) / chosen.length;
const limits = {
  seed,
  cases: Number(values.cases ?? ENDLESS),
  ...(milliseconds === null ? {} : { milliseconds }),
};

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
