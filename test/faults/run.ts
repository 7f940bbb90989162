/**
 * `npm run test:faults`: a whole Spillway under faults, scenario by scenario, and what held.
 *
 *     npm run test:faults -- --only 1,3 --seeds 20
 *     npm run test:faults -- --seed 2026-11-26-7 --only 27     # what a line of the report says, again
 *     npm run test:faults -- --soak 60 --hosts 200             # minutes of anything at any time
 */
import { parseArgs } from "node:util";
import { type Played, play } from "./kit/play.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { soup } from "./scenarios/nemeses.ts";
import type { Scenario } from "./scenarios/scenario.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seeds: { type: "string", default: "1" },
    seed: { type: "string" },
    hosts: { type: "string", default: "20" },
    soak: { type: "string" },
  },
});

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
    durationMs: durationMs + 60_000,
    run: (world, random) => soup(world, random, durationMs, (line) => console.error(`  ${line}`)),
  };
}

const scenarios =
  values.soak === undefined
    ? SCENARIOS.filter(({ id }) => wanted === undefined || wanted.includes(id))
    : [soak(Number(values.soak))];
let broken = 0;
for (const scenario of scenarios) {
  for (const seed of seeds) {
    const played = await play(scenario, seed, Number(values.hosts));
    console.log(lineOf(played));
    for (const { invariant, what } of played.violations) console.log(`    ${invariant}: ${what}`);
    broken += played.violations.length;
  }
}
console.log(`${scenarios.length * seeds.length} runs, ${broken} violations`);
process.exitCode = broken === 0 ? 0 : 1;

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
