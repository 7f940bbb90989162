import type { PositionFlag } from "../../detect/baseline/shard-baselines.ts";
import { lossSeverity } from "../../detect/diagnosis/severity.ts";
import type { Flag } from "../../detect/flag.ts";
import { SEASONAL_SERIES, STILL_SERIES } from "../../detect/series.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { NewAnomaly } from "../../store/incidents/anomalies.ts";

/** What is unusual at a position, for as long as it lasts: one anomaly. */
export interface Lasting {
  readonly position: number;
  /** When it was unusual first, ms since 1970. */
  readonly since: number;
  /** Start of the newest minute in which it was. */
  readonly minute: number;
  readonly flag: Flag;
}

/** What is unusual in a shard, and what that changes of its anomalies. */
export class LastingFlags {
  readonly #lasting: Map<string, Lasting>;
  /** Those that are to be recorded, by what names them: the newest of each. */
  readonly #changed = new Map<string, PositionAnomaly>();

  /** @param stored as `all` gave it */
  constructor(stored: readonly Lasting[]) {
    this.#lasting = new Map(stored.map((one) => [nameOf(one), one]));
  }

  get all(): readonly Lasting[] {
    return [...this.#lasting.values()];
  }

  get changed(): readonly PositionAnomaly[] {
    return [...this.#changed.values()];
  }

  /** Flags of a minute that is over, in the order of the minutes: what is not among them is over, too. */
  close(minute: number, flags: readonly PositionFlag[]): void {
    this.#close(minute, flags, () => true);
  }

  /**
   * Flags of what came late of a minute that was judged without it. It ends nothing at positions that it is not of, nor
   * objectives, which no late minute is judged by; and what was seen in a later minute stays as it was then.
   *
   * @param isIn whether something came late of a position
   */
  closeLate(minute: number, flags: readonly PositionFlag[], isIn: (position: number) => boolean): void {
    const news = flags.filter((one) => (this.#lasting.get(nameOf(one))?.minute ?? minute) <= minute);
    this.#close(minute, news, ({ position, flag }) => isIn(position) && flag.detector !== "slo_burn");
  }

  /** Flags of a minute that is not over, by what is in of it up to `to`, which is in it. */
  seeOpen(minute: number, to: number, flags: readonly PositionFlag[]): void {
    for (const one of flags) {
      const known = this.#lasting.get(nameOf(one));
      if (known?.minute === minute && known.flag.observed === one.flag.observed) continue;
      this.#see(minute, to, one);
    }
  }

  #close(minute: number, flags: readonly PositionFlag[], isJudged: (one: PositionFlag) => boolean): void {
    const to = minute + MINUTE_MS;
    for (const flag of flags) this.#see(minute, to, flag);
    const seen = new Set(flags.map(nameOf));
    for (const [name, one] of this.#lasting) {
      // Also what was unusual while the minute was open, and is not in the whole of it.
      if (one.minute > minute || seen.has(name) || !isJudged(one)) continue;
      this.#lasting.delete(name);
      this.#changed.set(`${name} ${one.since}`, anomalyOf(one, one.flag.to, to));
    }
  }

  #see(minute: number, judgedAt: number, { position, flag }: PositionFlag): void {
    const name = nameOf({ position, flag });
    const since = this.#lasting.get(name)?.since ?? flag.from;
    const lasting = { position, since, minute, flag };
    this.#lasting.set(name, lasting);
    this.#changed.set(`${name} ${since}`, anomalyOf(lasting, null, judgedAt));
  }
}

/** An anomaly without whose it is. */
export type PositionAnomaly = Omit<NewAnomaly, "hostId" | "namespaceId"> & { readonly position: number };

const COUNTERS: ReadonlyMap<string, string> = new Map(
  [...STILL_SERIES, ...SEASONAL_SERIES].map(({ name, counter }) => [name, counter]),
);

function nameOf({ position, flag }: PositionFlag): string {
  return `${position} ${flag.detector} ${flag.series}`;
}

function anomalyOf(
  { position, since, flag }: Lasting,
  endedAt: number | null,
  judgedAt: number,
): PositionAnomaly {
  return {
    position,
    detector: flag.detector,
    counter: COUNTERS.get(flag.series) ?? null,
    startedAt: since,
    endedAt,
    severity: lossSeverity([{ to: flag.to, share: flag.share }], null),
    value: flag.observed,
    expectedLow: flag.low,
    expectedHigh: flag.high,
    score: flag.z,
    explanation: flag.text,
    judgedAt,
  };
}
