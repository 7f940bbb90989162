import { counterEntry } from "../catalog/catalog.ts";
import type { FeedSource } from "../live/feed.ts";
import { SYSTEM_ACTOR } from "../store/audit.ts";
import { isRolledUp } from "../store/rollup/shards.ts";
import { shardOf } from "../store/snapshots.ts";
import { createContext, type Sources } from "./context.ts";
import { type FleetShape, fleetOf } from "./fleet-shape.ts";
import type { HostFilterInput } from "./host-filter.ts";
import { asQueryFault } from "./query-fault.ts";
import type { MeasureName, SeriesShape } from "./series.ts";
import { readTrendSeries, resolveMeasure } from "./trend-series.ts";

/** What agents took in the last moment of a step arrives a little later: no step is over before this has passed. */
const ARRIVAL_MS = 1_500;
/** Steps that are over and are looked at again with each new one: late snapshots mend them. */
const LOOKED_AT_AGAIN = 2;
/** Steps told at once after a pause at most; who wants more asks for a trend. */
const CAUGHT_UP = 60;
/** A step that is not over is told at most so often in its time ... */
const LOOKS_PER_STEP = 60;
/** ... and all of them no less often than this. */
const GAP_MAX_MS = 30_000;

export interface TrendQuestion {
  /** By its full name. */
  readonly counter: string;
  readonly measure: MeasureName;
  readonly filter: HostFilterInput | null;
  readonly groupBy: readonly string[];
  /** Whole minutes. */
  readonly stepMs: number;
  /** Whether the step that is not over is told too, where the counter lets it. */
  readonly open: boolean;
}

/** The values of one group as they were told last, from the start of the window on. */
type Told = ReadonlyMap<string, readonly (number | null)[]>;

/**
 * A trend step by step: each look gives the steps that are over since the last one, those before that have been
 * mended, and what the step that is not over has come to.
 */
export class TrendFeed implements FeedSource<readonly SeriesShape[]> {
  readonly gapMs: number;
  readonly #sources: Sources;
  readonly #question: TrendQuestion;
  readonly #toldOpen: boolean;
  /** Steps before this are over and told; ms since 1970. */
  #overTo: number | null = null;
  #windowFrom = 0;
  #told: Told = new Map();
  #series: readonly SeriesShape[] | null = null;

  constructor(sources: Sources, question: TrendQuestion) {
    this.#sources = sources;
    this.#question = question;
    this.#toldOpen = question.open && counterEntry(question.counter).event;
    this.gapMs = Math.min(GAP_MAX_MS, question.stepMs / LOOKS_PER_STEP);
  }

  async look(): Promise<readonly SeriesShape[] | null> {
    try {
      return await this.#look();
    } catch (error) {
      throw asQueryFault(error);
    }
  }

  /** The newest step that is over, and what follows it. */
  current(): readonly SeriesShape[] | null {
    const { stepMs } = this.#question;
    const from = (this.#overTo ?? 0) - stepMs;
    return this.#series?.map((series) => cut(series, from)) ?? null;
  }

  async #look(): Promise<readonly SeriesShape[] | null> {
    const { counter, measure, filter, groupBy, stepMs } = this.#question;
    // Its limits are those of one question, so each look has a context of its own.
    const context = createContext(this.#sources, SYSTEM_ACTOR);
    const now = context.now();
    const fleet = await fleetOf(context, filter);
    const before = this.#overTo;
    const overTo = await this.#stepsOver(fleet, now);
    if (!this.#toldOpen && overTo === before) return null;

    const start = Math.max((before ?? overTo) - LOOKED_AT_AGAIN * stepMs, overTo - CAUGHT_UP * stepMs);
    const end = this.#toldOpen ? Math.floor(now / stepMs + 1) * stepMs : overTo;
    const span = { range: { from: start, to: end }, grid: { start, stepMs, length: (end - start) / stepMs } };
    // Who reports a counter is asked each time: kernels with other layouts come and go.
    const what = await resolveMeasure(context, counter, measure);
    const series = await readTrendSeries(context, fleet, what, groupBy, span);

    const news =
      before === null
        ? series.map((one) => cut(one, overTo - stepMs))
        : this.#newsOf(series, overTo > before ? before : null);
    this.#remember(series, start, overTo);
    return news.length === 0 ? null : news;
  }

  /** Up to where steps are over: the end of the last whose every minute has been rolled up. */
  async #stepsOver(fleet: FleetShape, now: number): Promise<number> {
    const { stepMs } = this.#question;
    const newest = Math.floor((now - ARRIVAL_MS) / stepMs) * stepMs;
    const known = Math.max(this.#overTo ?? newest - stepMs, newest - CAUGHT_UP * stepMs);
    if (newest <= known) return this.#overTo ?? known;
    const shards = shardsIn(fleet);
    for (let over = known; over < newest; over += stepMs) {
      const step = { from: over, to: over + stepMs };
      if (!(await isRolledUp(this.#sources.db, shards, step))) return over;
    }
    return newest;
  }

  /** What of the series has not been told, each from its first new value on; all of them from `first` on. */
  #newsOf(series: readonly SeriesShape[], first: number | null): SeriesShape[] {
    const { stepMs } = this.#question;
    const news: SeriesShape[] = [];
    for (const one of series) {
      const told = this.#told.get(keyOf(one));
      const offset = (one.start - this.#windowFrom) / stepMs;
      const changed = one.values.findIndex((value, index) => {
        const old = told?.[index + offset];
        return old === undefined ? value !== null : old !== value;
      });
      const changedAt = changed === -1 ? null : one.start + changed * stepMs;
      const from = first === null ? changedAt : Math.min(first, changedAt ?? first);
      if (from !== null) news.push(cut(one, from));
    }
    return news;
  }

  #remember(series: readonly SeriesShape[], start: number, overTo: number): void {
    this.#windowFrom = start;
    this.#told = new Map(series.map((one) => [keyOf(one), one.values]));
    this.#series = series;
    this.#overTo = overTo;
  }
}

/** The shards that hold what a question is about. */
function shardsIn({ all, hosts, filtered }: FleetShape): readonly number[] {
  if (!filtered) return all.shards;
  const shards = new Set<number>();
  for (const { id } of hosts) {
    for (const namespace of all.namespacesOf.get(id) ?? []) shards.add(shardOf(namespace.id));
  }
  return [...shards];
}

function keyOf({ labels }: SeriesShape): string {
  return JSON.stringify(labels);
}

/** A series from a moment on. Its total is of a longer time than is shown, so it is left out. */
function cut(series: SeriesShape, from: number): SeriesShape {
  const skipped = Math.max(0, (from - series.start) / series.stepMs);
  return {
    ...series,
    start: series.start + skipped * series.stepMs,
    values: series.values.slice(skipped),
    total: null,
  };
}
