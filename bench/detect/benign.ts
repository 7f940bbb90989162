import { Chance } from "./corpus/chance.ts";
import { delivers, load, reboots, reopens } from "./corpus/faults.ts";
import { SimulatedHost } from "./corpus/host.ts";
import type { Pool } from "./corpus/pool.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "./corpus/scenario.ts";
import { Drive } from "./drive.ts";
import type { RecordedEvent } from "./fleet.ts";
import type { Outcome } from "./outcomes.ts";
import { ComparedRules, RULES, type Rule } from "./rules.ts";

const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** Weeks in which nothing was wrong, and what was raised in them. */
export interface BenignWeeks {
  readonly hosts: number;
  readonly hostWeeks: number;
  readonly everyMs: number;
  readonly incidents: readonly Outcome[];
  /** Of each rule the number of alerts. */
  readonly alerts: ReadonlyMap<Rule, number>;
}

/**
 * Takes a fleet through weeks of what happens to every fleet and is no fault: days and weekends, load that comes and
 * goes, deploys (most of them recorded), reboots, snapshots that are lost, blips.
 *
 * @returns what there is after each day
 */
export async function* benignWeeks(pool: Pool, weeks: number, everyMs: number): AsyncGenerator<BenignWeeks> {
  const from = pool.learnedTo;
  const to = from + weeks * WEEK_MS;
  const events: RecordedEvent[] = [];
  const hosts = pool.shapes.map((shape, id) => {
    const host = new SimulatedHost(id, shape, `${pool.seed} benign ${id}`, from, everyMs);
    for (let week = from; week < to; week += WEEK_MS) happen(host, week, everyMs, events);
    return host;
  });
  const rules = new ComparedRules();
  const drive = new Drive({
    hosts,
    members: pool.members,
    events,
    baselines: pool.learned(),
    from,
    onSnapshot: (host, known) => rules.see(host, known),
  });
  for (let at = from; at < to; ) {
    at = Math.min(to, at + DAY_MS);
    await drive.run(at);
    yield {
      hosts: hosts.length,
      hostWeeks: (hosts.length * (at - from)) / WEEK_MS,
      everyMs,
      incidents: drive.outcomes.all.filter(({ toldAt }) => toldAt !== null),
      alerts: new Map(RULES.map((rule) => [rule, rules.alerts(rule).length])),
    };
  }
}

/** What happens to one host in one week. */
function happen(host: SimulatedHost, week: number, everyMs: number, events: RecordedEvent[]): void {
  const chance = new Chance(`${host.id} ${week} happens`);
  const times = (mean: number, happens: (at: number) => void) => {
    for (let count = chance.poisson(mean); count > 0; count--) happens(week + chance.between(0, WEEK_MS));
  };
  times(1, (at) => {
    // Who records deploys takes long ones, too; what nobody recorded is over before a minute is.
    const isRecorded = chance.next() >= 0.1;
    const seconds = isRecorded ? chance.logBetween(2, 180) : chance.between(2, 50);
    const to = at + Math.round(seconds) * SECOND_MS;
    host.faults.push(reopens({ from: at, to }, chance.whole(0, 50), everyMs));
    if (!isRecorded) return;
    const hosts = new Set([host.id]);
    events.push({ kind: "deploy", title: "a deploy", at: at - SECOND_MS, until: null, hosts });
  });
  times(0.1, (at) =>
    host.faults.push(...reboots({ from: at, to: at + chance.whole(20, 80) * SECOND_MS }, "boot")),
  );
  times(2, (at) => host.faults.push(delivers({ from: at, to: at + everyMs }, () => null)));
  times(0.5, (at) => {
    const to = at + chance.logBetween(10, 120) * MINUTE_MS;
    host.faults.push(load({ from: at, to }, chance.logBetween(0.5, 2)));
  });
}
