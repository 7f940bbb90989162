import { benignWeeks, type IsOver } from "./benign.ts";
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

/** @param isOver asked before each seed and each day: whether to end with those that there are */
export async function runPart(
  part: Part,
  options: Options,
  learned: Uint8Array,
  isOver: IsOver,
): Promise<PartResult> {
  const pool = poolOf(poolSeed(options.seeds), options.learnDays, learned);
  if (part === "scenarios") return { played: await playAll(pool, options, isOver), benign: null };
  if (options.weeks === 0) return { played: [], benign: null };
  const weeks = await benignWeeks(pool, options.weeks, options.everySeconds * 1_000, isOver);
  const incidents: Record<string, { opened: number; paged: number }> = {};
  for (const { cause, pagedAt } of weeks.incidents) {
    incidents[cause] ??= { opened: 0, paged: 0 };
    incidents[cause].opened++;
    if (pagedAt !== null) incidents[cause].paged++;
  }
  const alerts = Object.fromEntries(RULES.map((rule) => [rule, weeks.alerts.get(rule) ?? 0])) as Record<
    Rule,
    number
  >;
  return {
    played: [],
    benign: { hostWeeks: weeks.hostWeeks, everySeconds: options.everySeconds, incidents, alerts },
  };
}

async function playAll(pool: Pool, { only, seeds }: Options, isOver: IsOver): Promise<PlayedScore[]> {
  const played: PlayedScore[] = [];
  for (const [index, seed] of seeds.entries()) {
    if (await isOver()) break;
    for (const scenario of SCENARIOS) {
      if (only.length > 0 && !only.some((name) => scenario.name.includes(name))) continue;
      if (scenario.isLarge === true && index % LARGE_EACH > 0) continue;
      played.push(scorePlayed(await play(pool, scenario, seed)));
    }
  }
  return played;
}
