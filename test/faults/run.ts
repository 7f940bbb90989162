/** `npm run test:faults`: a whole Spillway under faults, scenario by scenario, and what held (docs/reliability.md). */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Played, play } from "./kit/play.ts";
import { heldWords, writeTable } from "./report.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { soup } from "./scenarios/nemeses.ts";
import { lacking, type Scenario } from "./scenarios/scenario.ts";

const USAGE = `npm run test:faults -- [options]
  --only 1,3             of the scenarios these; all by default
  --seeds 20             runs of each: every scenario has its first seed before one has its second
  --from 6               the number of the first of them, 1 by default
  --seed 2026-11-26-7    one seed, as a line of the report says it
  --hosts 20             simulated hosts
  --soak 60              instead of scenarios, minutes of anything at any time
  --at-once 3            worlds at a time
  --minutes 180          begins no run after that
  --write                puts the table into docs/reliability.md
  --add                  with --write: adds to what it says of these scenarios
A violation is told with its seed, and the next run goes on. Ctrl-C ends what runs; what was done is a table too.`;

const values = readOptions(process.argv.slice(2));

/** What a run may take beyond its faults: to start, to drain, and to roll everything up. */
const BEYOND_MS = 12 * 60_000;
const today = new Date().toISOString().slice(0, 10);
if (values.add && !values.write) refuse("--add is for --write: it adds to the table of docs/reliability.md");
for (const name of ["seeds", "from", "hosts", "at-once"] as const) {
  if (!/^[1-9][0-9]*$/.test(values[name])) refuse(`--${name} ${values[name]}: a whole number from 1`);
}
const seeds = readSeeds();
const wanted = values.only?.split(",").map(Number);

function soak(minutes: number): Scenario {
  const durationMs = minutes * 60_000;
  return {
    id: 27,
    title: `anything at any time, for ${minutes} minutes`,
    world: { services: 2, workers: 2, survivors: true },
    // As many snapshots as can be held beside the oracle's arithmetic afterwards.
    fleet: { paceMs: 2_000 },
    durationMs: durationMs + 60_000,
    run: (world, random) => soup(world, random, durationMs, (line) => console.error(`  ${line}`)),
  };
}

const chosen =
  values.soak === undefined
    ? SCENARIOS.filter(({ id }) => wanted === undefined || wanted.includes(id))
    : [soak(Number(values.soak))];
const scenarios = chosen.filter((scenario) => {
  const lacks = lacking(scenario);
  if (lacks !== null) console.log(`${scenario.id} ${scenario.title}: left out, it needs ${lacks}`);
  return lacks === null;
});

const interrupted = new AbortController();
// npm passes on what the terminal has sent already: the second is the same wish.
process.on("SIGINT", () => {
  if (interrupted.signal.aborted) return;
  console.error("interrupted: what runs is ended; what has been done is written");
  interrupted.abort(new Error("interrupted"));
});
const end = performance.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const runs = seeds.flatMap((seed) => scenarios.map((scenario) => ({ scenario, seed })));
const waiting = [...runs];
const all: Played[] = [];
await Promise.all(Array.from({ length: Number(values["at-once"]) }, () => work()));

const broken = all.filter(({ violations }) => violations.length > 0);
if (values.write && all.length > 0) {
  writeTable(fileURLToPath(new URL("../../docs/reliability.md", import.meta.url)), all, { add: values.add });
}
console.log(`${all.length} of ${runs.length} runs, ${broken.length} of them broken`);
for (const { scenario, seed } of broken) {
  console.log(`  npm run test:faults -- --only ${scenario.id} --seed ${seed} --hosts ${values.hosts}`);
}
// What a start that was interrupted has left open, a pipe say, keeps nobody waiting.
process.exit(broken.length === 0 ? 0 : 1);

function readSeeds(): string[] {
  if (values.seed !== undefined) return [values.seed];
  return Array.from(
    { length: Number(values.seeds) },
    (_, index) => `${today}-${Number(values.from) + index}`,
  );
}

function refuse(why: string): never {
  console.error(`${why}\n\n${USAGE}`);
  process.exit(2);
}

/** Ends the process for --help, and for words that are none of the options. */
function readOptions(args: string[]) {
  if (args.includes("--help")) {
    console.log(USAGE);
    process.exit();
  }
  try {
    return parseArgs({
      args,
      options: {
        only: { type: "string" },
        seeds: { type: "string", default: "1" },
        from: { type: "string", default: "1" },
        seed: { type: "string" },
        hosts: { type: "string", default: "20" },
        soak: { type: "string" },
        minutes: { type: "string" },
        "at-once": { type: "string", default: "1" },
        write: { type: "boolean", default: false },
        add: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

async function work(): Promise<void> {
  while (performance.now() < end && !interrupted.signal.aborted) {
    const next = waiting.shift();
    if (next === undefined) return;
    const played = await playOne(next.scenario, next.seed);
    if (played === null) return;
    console.log(lineOf(played));
    for (const { invariant, what } of played.violations) console.log(`    ${invariant}: ${what}`);
    all.push(played);
  }
}

/** A run that cannot be played to its end is broken too. @returns null when it was interrupted */
async function playOne(scenario: Scenario, seed: string): Promise<Played | null> {
  const { signal } = interrupted;
  const stop = AbortSignal.any([signal, AbortSignal.timeout(scenario.durationMs + BEYOND_MS)]);
  try {
    return await play(scenario, seed, Number(values.hosts), stop);
  } catch (error) {
    if (signal.aborted) return null;
    const violations = [{ invariant: "I8", what: `it did not end well: ${(error as Error).message}` }];
    const nothing = {
      made: 0,
      acknowledged: 0,
      recoveryMs: 0,
      peakMb: new Map(),
      held: new Map(),
      statuses: new Map(),
    };
    return { scenario, seed, violations, ...nothing };
  }
}

function lineOf({
  scenario,
  seed,
  made,
  acknowledged,
  recoveryMs,
  violations,
  peakMb,
  held,
  statuses,
}: Played): string {
  const words = (map: ReadonlyMap<string, number>) =>
    [...map].map(([name, value]) => `${name} ${value}`).join(", ");
  return [
    `${scenario.id} ${scenario.title}: seed ${seed}: ${violations.length === 0 ? "held" : "BROKEN"}`,
    `${made} made, ${acknowledged} acknowledged, recovered in ${(recoveryMs / 1_000).toFixed(1)} s`,
    `answers ${words(statuses)}`,
    `peak MB ${words(peakMb)}`,
    ...heldWords(held),
  ].join("; ");
}
