import { TABLE } from "../../src/detect/diagnosis/table.ts";
import type { Played } from "./play.ts";
import { RULES, type Rule } from "./rules.ts";
import { type Counts, countsOf, scoreOf, toldOf } from "./score.ts";

/** A run and what is counted of it: plain data, for another process or a file. */
export interface PlayedScore {
  readonly scenario: string;
  readonly seed: number;
  readonly host: number;
  readonly counts: Counts;
  readonly duplicates: number;
  readonly noted: number;
  readonly falsePages: number;
  /** Incidents of nothing, by cause. */
  readonly wrong: readonly string[];
  /** Of each episode found: the cause in truth and the one named, and how long it took, in seconds. */
  readonly named: readonly {
    readonly truth: string;
    readonly named: string;
    readonly right: boolean;
    readonly seconds: number;
  }[];
  /** Shares lost, judgement by judgement, within episodes: their mean error, and how many ranges held the truth. */
  readonly loss: { readonly judged: number; readonly error: number; readonly inRange: number } | null;
  /** Of what is to be flagged: how many were, and by when. */
  readonly flags: { readonly expected: number; readonly found: number };
  readonly rules: Readonly<Record<Rule, Counts>>;
}

const LOSES: ReadonlySet<string> = new Set(
  TABLE.filter(({ losesHandshakes }) => losesHandshakes === true).map(({ cause }) => cause),
);
/** A flag is within one interval when it is there when the next snapshot is. */
const FLAG_MS = 20_000;

export function scorePlayed(played: Played): PlayedScore {
  const { scenario, seed, host, episodes, alerts } = played;
  const score = scoreOf(episodes, toldOf(played));
  const toFlag = episodes.filter(({ expected }) => expected === "flag");
  const flagged = toFlag.filter(({ from, to, hosts }) =>
    played.flags.some(
      (flag) => hosts.includes(flag.host) && flag.seenAt >= from && flag.seenAt <= to + FLAG_MS,
    ),
  );
  const rules = Object.fromEntries(
    RULES.map((rule) => {
      const told = (alerts.get(rule) ?? []).map(({ host: on, from }) => ({
        openedAt: from,
        hosts: new Set([on]),
        cause: null,
        paged: false,
      }));
      return [rule, countsOf(scoreOf(episodes, told))];
    }),
  ) as Record<Rule, Counts>;
  return {
    scenario,
    seed,
    host,
    counts: countsOf(score),
    duplicates: score.duplicates,
    noted: score.noted.length,
    falsePages: score.falsePages,
    wrong: score.wrong.map(({ cause }) => cause ?? ""),
    named: score.found.map(({ episode, told }) => ({
      truth: episode.causes[0] ?? "",
      named: told.cause ?? "",
      right: told.cause !== null && episode.causes.includes(told.cause),
      seconds: (told.openedAt - episode.from) / 1_000,
    })),
    loss: lossOf(played),
    flags: { expected: toFlag.length, found: flagged.length },
    rules,
  };
}

/** Of episodes that are to be told: what was said of the loss while they were on. */
function lossOf({ episodes, losses }: Played): PlayedScore["loss"] {
  const judged = losses.filter(
    ({ host, at, cause }) =>
      LOSES.has(cause) &&
      episodes.some(
        (one) => one.expected === "incident" && one.hosts.includes(host) && at > one.from && at <= one.to,
      ),
  );
  if (judged.length === 0) return null;
  let [error, inRange] = [0, 0];
  for (const { loss, truth } of judged) {
    if (loss === null) continue;
    error += Math.abs(loss.share - truth);
    if (truth >= loss.low && truth <= loss.high) inRange++;
  }
  return { judged: judged.length, error: error / judged.length, inRange: inRange / judged.length };
}
