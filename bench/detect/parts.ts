import { type BenignWeeks, benignWeeks } from "./benign.ts";
import { learnBaselines, type Pool, poolOf } from "./corpus/pool.ts";
import { SCENARIOS } from "./corpus/scenarios/all.ts";
import type { Options } from "./options.ts";
import { play } from "./play.ts";
import { RULES, type Rule } from "./rules.ts";
import { type PlayedScore, scorePlayed } from "./scored.ts";

/** A part of the work, for a process of its own. */
export const PARTS = ["scenarios", "benign"] as const;
export type Part = (typeof PARTS)[number];

/** Of the scenarios that are large, the first of so many seeds is played. */
const LARGE_EACH = 15;

/** Weeks in which nothing was wrong, added up. */
export interface BenignReport {
  readonly hostWeeks: number;
  readonly everySeconds: number;
  /** By cause: incidents that were opened, and those that somebody was woken for. */
  readonly incidents: Readonly<Record<string, { readonly opened: number; readonly paged: number }>>;
  readonly alerts: Readonly<Record<Rule, number>>;
}

export interface PartResult {
  readonly played: readonly PlayedScore[];
  readonly benign: BenignReport | null;
}

/** Hosts that are tuned by are never those that are reported. */
const poolSeed = (seeds: readonly number[]) => ((seeds[0] ?? 0) >= 1_000 ? "report" : "tune");

/** What both parts begin with. @returns the baselines of the fleet, encoded */
export function learn({ seeds, learnDays }: Options): Promise<Uint8Array> {
  return learnBaselines(poolSeed(seeds), learnDays);
}

/** @returns what was played since the last, and all benign weeks so far */
export async function* runPart(
  part: Part,
  options: Options,
  learned: Uint8Array,
): AsyncGenerator<PartResult> {
  const pool = poolOf(poolSeed(options.seeds), options.learnDays, learned);
  if (part === "scenarios") {
    for await (const played of playAll(pool, options)) yield { played, benign: null };
    return;
  }
  for await (const weeks of benignWeeks(pool, options.weeks, options.everySeconds * 1_000)) {
    yield { played: [], benign: reportedOf(weeks) };
  }
}

function reportedOf({ hostWeeks, everyMs, incidents: opened, alerts }: BenignWeeks): BenignReport {
  const incidents: Record<string, { opened: number; paged: number }> = {};
  for (const { cause, pagedAt } of opened) {
    incidents[cause] ??= { opened: 0, paged: 0 };
    incidents[cause].opened++;
    if (pagedAt !== null) incidents[cause].paged++;
  }
  return {
    hostWeeks,
    everySeconds: everyMs / 1_000,
    incidents,
    alerts: Object.fromEntries(RULES.map((rule) => [rule, alerts.get(rule) ?? 0])) as Record<Rule, number>,
  };
}

/** @returns the runs of each seed */
async function* playAll(pool: Pool, { only, seeds }: Options): AsyncGenerator<PlayedScore[]> {
  for (const [index, seed] of seeds.entries()) {
    const played: PlayedScore[] = [];
    for (const scenario of SCENARIOS) {
      if (only.length > 0 && !only.some((name) => scenario.name.includes(name))) continue;
      if (scenario.isLarge === true && index % LARGE_EACH > 0) continue;
      played.push(scorePlayed(await play(pool, scenario, seed)));
    }
    yield played;
  }
}
