/**
 * `npm run test:faults`: a whole Spillway under faults, scenario by scenario, and what held.
 *
 *     npm run test:faults -- --only 1,3 --seeds 20
 *     npm run test:faults -- --seed 2026-11-26-7 --only 27     # what a line of the report says, again
 *     npm run test:faults -- --soak 60 --hosts 200             # minutes of anything at any time
 *     npm run test:faults -- --seeds 20 --write                 # and the table of docs/reliability.md
 *     npm run test:faults -- --seeds 20 --at-once 3 --minutes 180
 *
 * Every scenario has its first seed before one has its second, so that what was done when the minutes are over, or at
 * Ctrl-C, is a table too. A violation is told with its seed, and the next run goes on.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Played, play } from "./kit/play.ts";
import { writeTable } from "./report.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { soup } from "./scenarios/nemeses.ts";
import { lacking, type Scenario } from "./scenarios/scenario.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seeds: { type: "string", default: "1" },
    seed: { type: "string" },
    hosts: { type: "string", default: "20" },
    soak: { type: "string" },
    minutes: { type: "string" },
    "at-once": { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});

/** What a run may take beyond its faults: to start, to drain, and to roll everything up. */
const BEYOND_MS = 12 * 60_000;
const today = new Date().toISOString().slice(0, 10);
const seeds =
  values.seed === undefined
    ? Array.from({ length: Number(values.seeds) }, (_, index) => `${today}-${index + 1}`)
    : [values.seed];
const wanted = values.only?.split(",").map(Number);

function soak(minutes: number): Scenario {
  const durationMs = minutes * 60_000;
  return {
    id: 27,
    title: `anything at any time, for ${minutes} minutes`,
    world: { services: 2, workers: 2 },
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
  writeTable(fileURLToPath(new URL("../../docs/reliability.md", import.meta.url)), all);
}
console.log(`${all.length} of ${runs.length} runs, ${broken.length} of them broken`);
for (const { scenario, seed } of broken) {
  console.log(`  npm run test:faults -- --only ${scenario.id} --seed ${seed} --hosts ${values.hosts}`);
}
process.exitCode = broken.length === 0 ? 0 : 1;

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
    const nothing = { made: 0, acknowledged: 0, recoveryMs: 0, peakMb: new Map(), statuses: new Map() };
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
  statuses,
}: Played): string {
  const words = (map: ReadonlyMap<string, number>) =>
    [...map].map(([name, value]) => `${name} ${value}`).join(", ");
  return [
    `${scenario.id} ${scenario.title}: seed ${seed}: ${violations.length === 0 ? "held" : "BROKEN"}`,
    `${made} made, ${acknowledged} acknowledged, recovered in ${(recoveryMs / 1_000).toFixed(1)} s`,
    `answers ${words(statuses)}`,
    `peak MB ${words(peakMb)}`,
  ].join("; ");
}
