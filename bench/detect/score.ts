import type { Cause } from "../../src/detect/diagnosis/cause.ts";
import type { Episode } from "./corpus/scenario.ts";
import type { Played } from "./play.ts";

/** An incident, or an alert of a rule, as it is compared with the truth. */
export interface Told {
  readonly openedAt: number;
  readonly hosts: ReadonlySet<number>;
  /** Null for a rule, which names none. */
  readonly cause: Cause | null;
  readonly paged: boolean;
}

/** One run against its truth. */
export interface Score {
  readonly found: readonly { readonly episode: Episode; readonly told: Told }[];
  readonly missed: readonly Episode[];
  /** Told more than once. */
  readonly duplicates: number;
  readonly wrong: readonly Told[];
  /** Of notes: neither right nor wrong. */
  readonly noted: readonly Told[];
  /** Woken, and nothing was the matter that anybody has to be woken for. */
  readonly falsePages: number;
}

/** An incident is of an episode when it opens in it, or so long after it. */
const AFTER_MS = 120_000;
/** What a note leaves behind: load that goes back to what it was is unusual, too. */
const NOTE_AFTER_MS = 30 * 60_000;

/**
 * Compares what was told with the truth, one to one: an incident finds an episode when it opens from its begin to two
 * minutes after its end, on one of its hosts. Of several, the one with the right cause counts, and then the first; the
 * others are duplicates. There is no point adjustment: an episode is found once or missed.
 */
export function scoreOf(episodes: readonly Episode[], all: readonly Told[]): Score {
  const isOf = (told: Told, episode: Episode, afterMs: number) =>
    told.openedAt >= episode.from &&
    told.openedAt <= episode.to + afterMs &&
    episode.hosts.some((host) => told.hosts.has(host));
  const left = new Set(all.toSorted((a, b) => a.openedAt - b.openedAt));
  const found: { episode: Episode; told: Told }[] = [];
  const missed: Episode[] = [];
  const real = episodes.filter(({ expected }) => expected === "incident");
  for (const episode of real) {
    const own = [...left].filter((told) => isOf(told, episode, AFTER_MS));
    const told = own.find(({ cause }) => cause !== null && episode.causes.includes(cause)) ?? own[0];
    if (told === undefined) missed.push(episode);
    else {
      found.push({ episode, told });
      left.delete(told);
    }
  }
  let duplicates = 0;
  const wrong: Told[] = [];
  const noted: Told[] = [];
  for (const told of left) {
    if (real.some((episode) => isOf(told, episode, AFTER_MS))) duplicates++;
    else if (episodes.some((one) => one.expected !== "incident" && isOf(told, one, NOTE_AFTER_MS)))
      noted.push(told);
    else wrong.push(told);
  }
  const falsePages = [...wrong, ...noted].filter(({ paged }) => paged).length;
  return { found, missed, duplicates, wrong, noted, falsePages };
}

/** What counts: found, told of nothing, missed. */
export interface Counts {
  readonly found: number;
  readonly wrong: number;
  readonly missed: number;
}

export interface Quality {
  /** Null where nothing was told, or nothing was to be found. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number;
}

export function countsOf({ found, wrong, missed }: Score): Counts {
  return { found: found.length, wrong: wrong.length, missed: missed.length };
}

export function sumOf(all: readonly Counts[]): Counts {
  let [found, wrong, missed] = [0, 0, 0];
  for (const one of all) {
    found += one.found;
    wrong += one.wrong;
    missed += one.missed;
  }
  return { found, wrong, missed };
}

export function qualityOf({ found, wrong, missed }: Counts): Quality {
  return {
    precision: found + wrong === 0 ? null : found / (found + wrong),
    recall: found + missed === 0 ? null : found / (found + missed),
    f1: found === 0 ? 0 : (2 * found) / (2 * found + wrong + missed),
  };
}

/** The incidents of a run that anybody was told of: not those that another explained for as long as they lasted. */
export function toldOf({ incidents }: Pick<Played, "incidents">): Told[] {
  return incidents
    .filter(({ toldAt }) => toldAt !== null)
    .map(({ openedAt, hosts, cause, pagedAt }) => ({ openedAt, hosts, cause, paged: pagedAt !== null }));
}
