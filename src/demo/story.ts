/**
 * What happens in the simulated fleet: before the demo starts, told backwards from that moment, and while it runs.
 * Each cause is found by detection; nothing of it is written as an incident.
 */
import { type Fault, type FaultKind, hostOfRole } from "./faults.ts";
import { HOUR_MS, type HostFacts, MINUTE_MS, VERSIONS } from "./fleet.ts";
import { randomOf } from "./random.ts";

export interface Deploy {
  readonly role: string;
  readonly version: string;
  readonly at: number;
}

export interface Story {
  readonly faults: readonly Fault[];
  /** Those of the day before, which are over; their hosts are among few that have a history of all of it. */
  readonly earlier: readonly Fault[];
  /** Hosts that fall silent, and from when on. */
  readonly silent: ReadonlyMap<number, number>;
  readonly deploys: readonly Deploy[];
}

/** Of hosts with a history shorter than this nothing is known that anything could be held against. */
const LEARN_MS = 30 * MINUTE_MS;
/** While the demo runs, something new is the matter so often, and for so long. */
const LATER_EVERY_MS = 25 * MINUTE_MS;
const LATER_FOR_MS = 8 * MINUTE_MS;
const LATER_COUNT = 300;

/** One line of the story, in minutes from the end of the history. */
type Line = readonly [kind: FaultKind, role: string, nth: number, from: number, to: number, app?: string];

const LINES: readonly Line[] = [
  // Over, but fresh in memory.
  ["stalled", "api", 2, -85, -66],
  // What is the matter when the demo starts, and goes on for a while.
  ["bursts", "gateway", 1, -55, 240],
  ["refused", "auth", 1, -35, 60],
  ["flood", "edge", 1, -21, 30],
  ["stalled", "search", 1, -13, 45],
  ["slow", "node", 0, -9, 35, "cart"],
];

/** The day before: each was found, handled, and is over. */
const EARLIER: readonly Line[] = [
  ["stalled", "search", 3, -1_310, -1_284],
  ["bursts", "gateway", 3, -1_130, -1_075],
  ["flood", "edge", 4, -842, -798],
  ["refused", "auth", 3, -604, -566],
  ["slow", "api", 5, -412, -371],
  ["slow", "node", 3, -268, -229, "cart"],
];

/** Version 2.14 of checkout is slow on every other host that has it. */
const DEPLOY = { role: "checkout", at: -30, slowFrom: -26, slowTo: 90 };
/** At the end of a stretch (history.ts): a host is taken to be heard of when the stretch is written that has its last word. */
const SILENT = { role: "cache", from: -30 };

export interface StoryTimes {
  /** When the day before begins, the history of every host, and the demo, where that ends: ms since 1970. */
  readonly earlierMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

export function storyOf(fleet: readonly HostFacts[], { earlierMs, startMs, endMs }: StoryTimes): Story {
  const after = (minutes: number) => endMs + minutes * MINUTE_MS;
  const faultOf = ([kind, role, nth, from, to, app]: Line): Fault => {
    const host = hostOfRole(fleet, role, nth);
    return { kind, host, app: app ?? null, from: after(from), to: after(to) };
  };
  const slow = fleet
    .filter(({ role }) => role === DEPLOY.role)
    .filter((_, place) => place % 2 === 0 || place === 1)
    .map(({ index }): Fault => {
      const [from, to] = [after(DEPLOY.slowFrom), after(DEPLOY.slowTo)];
      return { kind: "slow", host: index, app: null, from, to };
    });
  const silentHost = hostOfRole(fleet, SILENT.role, 1);
  return {
    earlier: EARLIER.map(faultOf).filter(({ from, to }) => from >= earlierMs + LEARN_MS && to < startMs),
    faults: [...LINES.map(faultOf), ...slow]
      .filter(({ from }) => from >= startMs + LEARN_MS)
      .concat(laterFaults(fleet, endMs + HOUR_MS)),
    silent: new Map([[silentHost, after(SILENT.from)]]),
    deploys: [{ role: DEPLOY.role, version: VERSIONS.since, at: after(DEPLOY.at) }],
  };
}

/** The version of a role's service at a time. */
export function versionOf({ deploys }: Story, role: string, at: number): string {
  return deploys.find((deploy) => deploy.role === role && deploy.at <= at)?.version ?? VERSIONS.before;
}

/** Now and then something else, so that the demo goes on. */
function laterFaults(fleet: readonly HostFacts[], from: number): Fault[] {
  const random = randomOf(`later ${from}`);
  const kinds: readonly FaultKind[] = ["stalled", "slow", "bursts", "flood", "refused"];
  return Array.from({ length: LATER_COUNT }, (_, place) => {
    const begins = from + place * LATER_EVERY_MS;
    return {
      kind: kinds[Math.floor(kinds.length * random())] ?? "slow",
      host: Math.floor(fleet.length * random()),
      app: null,
      from: begins,
      to: begins + LATER_FOR_MS,
    };
  });
}
