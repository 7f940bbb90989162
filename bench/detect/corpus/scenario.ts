import type { Cause } from "../../../src/detect/diagnosis/cause.ts";
import type { RecordedEvent } from "../fleet.ts";
import type { Chance } from "./chance.ts";
import type { Span } from "./faults.ts";
import type { SimulatedHost } from "./host.ts";
import type { HostShape } from "./shape.ts";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
/** How long a run goes on before anything is the matter. */
export const LEAD_MS = 30 * MINUTE_MS;
/** And after it is over: long enough for incidents to end. */
export const TAIL_MS = 40 * MINUTE_MS;

/** What is the matter in truth. */
export interface Episode extends Span {
  readonly hosts: readonly number[];
  /** The causes that name it rightly, the best first. */
  readonly causes: readonly Cause[];
  /**
   * `incident`: it is to be told, once. `flag`: it is to be recorded, and an incident of it is neither right nor wrong.
   * `note`: an incident of it is neither right nor wrong as long as nobody is woken.
   */
  readonly expected: "incident" | "flag" | "note";
  /** It begins with the first client that is refused, and is none where nobody is. */
  readonly beginsWithLoss?: boolean;
}

/** One run of a scenario. */
export interface Plot {
  readonly hosts: readonly SimulatedHost[];
  readonly episodes: readonly Episode[];
  readonly events: readonly RecordedEvent[];
  readonly from: number;
  readonly to: number;
  /** The hosts were never heard of before. */
  readonly isCold?: boolean;
}

/** What a scenario chooses from: the hosts of a fleet whose baselines have been learned. */
export interface Stage {
  readonly chance: Chance;
  /** When the run begins, a whole minute, ms since 1970. */
  readonly start: number;
  /** A host by chance, with at least so many connections a minute in and out. */
  host(wanted?: Wanted): SimulatedHost;
  /** Connections a minute of the busiest of them. */
  readonly busiest: number;
  /** Hosts of the one role of a hundred. */
  role(count: number, shape?: Wanted["shape"]): SimulatedHost[];
}

export interface Wanted {
  readonly least?: number;
  readonly leastOutgoing?: number;
  readonly fits?: (shape: HostShape) => boolean;
  /** What is otherwise with it: nothing that its baselines would show. */
  readonly shape?: (shape: HostShape) => Partial<HostShape>;
}

/** A row of the table of scenarios. */
export interface Scenario {
  readonly name: string;
  /** What is drawn, in words. */
  readonly parameters: string;
  readonly expected: string;
  /** Of many hosts, or of days: it is played with fewer seeds. */
  readonly isLarge?: true;
  plot(stage: Stage): Plot;
}

/** The time in which something is the matter, from the end of the lead on. */
export function spanOf({ start, chance }: Stage, lastsMs: number, leadMs = LEAD_MS): Span {
  const from = start + leadMs + chance.whole(0, 59) * SECOND_MS;
  return { from, to: from + lastsMs };
}

/** A run with one thing the matter with some hosts. */
export function plotOf(
  { start }: Stage,
  hosts: readonly SimulatedHost[],
  episodes: readonly (Omit<Episode, "hosts"> & { readonly hosts?: readonly number[] })[],
  more: Partial<Plot> = {},
): Plot {
  const ends = episodes.map(({ to }) => to);
  const all = hosts.map(({ id }) => id);
  return {
    hosts,
    episodes: episodes.map((episode) => ({ hosts: all, ...episode })),
    events: [],
    from: start,
    to: Math.max(start + LEAD_MS, ...ends) + TAIL_MS,
    ...more,
  };
}
