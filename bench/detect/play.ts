import { ShardBaselines } from "../../src/detect/baseline/shard-baselines.ts";
import { type Pool, stageOf } from "./corpus/pool.ts";
import type { Episode, Scenario } from "./corpus/scenario.ts";
import { Drive } from "./drive.ts";
import type { Flagged, LossTold, Outcome } from "./outcomes.ts";
import { type Alert, ComparedRules, RULES, type Rule } from "./rules.ts";

/** What became of one run of a scenario. */
export interface Played {
  readonly scenario: string;
  readonly seed: number;
  /** The host that it is drawn for first: runs of one host belong together. */
  readonly host: number;
  readonly episodes: readonly Episode[];
  readonly incidents: readonly Outcome[];
  readonly losses: readonly LossTold[];
  readonly flags: readonly Flagged[];
  readonly alerts: ReadonlyMap<Rule, readonly Alert[]>;
}

export async function play(pool: Pool, scenario: Scenario, seed: number): Promise<Played> {
  const plot = scenario.plot(stageOf(pool, scenario.name, seed));
  const { hosts, events, from, to, isCold } = plot;
  const rules = new ComparedRules();
  const lossAt: { readonly host: number; readonly at: number }[] = [];
  const drive = new Drive({
    hosts,
    members: pool.members,
    events,
    baselines: isCold === true ? new ShardBaselines() : pool.learned(),
    from,
    onSnapshot: (host, known) => {
      rules.see(host, known);
      if (known.truth.refused > 0) lossAt.push({ host, at: known.snapshot.at });
    },
  });
  await drive.run(to);
  const { all: incidents, losses, flags } = drive.outcomes;
  return {
    scenario: scenario.name,
    seed,
    host: hosts[0]?.id ?? 0,
    episodes: plot.episodes.flatMap((episode) => begun(episode, lossAt)),
    incidents,
    losses,
    flags,
    alerts: new Map(RULES.map((rule) => [rule, rules.alerts(rule)])),
  };
}

/** An episode from the first client that was refused in it; none where nobody was. */
function begun(
  episode: Episode,
  lossAt: readonly { readonly host: number; readonly at: number }[],
): Episode[] {
  if (episode.beginsWithLoss !== true) return [episode];
  const first = lossAt.find(
    ({ host, at }) => episode.hosts.includes(host) && at > episode.from && at <= episode.to + 10_000,
  );
  return first === undefined ? [] : [{ ...episode, from: Math.min(episode.to, first.at - 10_000) }];
}
