/** Detection as the jobs run it, without a store: what they read comes from the caller. */
import { judgeOpenMinute } from "../../../../src/detect/baseline/open-minute.ts";
import { ShardBaselines } from "../../../../src/detect/baseline/shard-baselines.ts";
import { type HostPresence, judgeSilence } from "../../../../src/detect/detectors/silence.ts";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import { type Diagnosis, diagnose } from "../../../../src/detect/diagnosis/diagnose.ts";
import { MEASURES, type Measure } from "../../../../src/detect/diagnosis/measures.ts";
import type { KnownEvent, ObservedListener } from "../../../../src/detect/diagnosis/window.ts";
import {
  advance,
  type Book,
  emptyBook,
  type Judgement,
  type Transition,
} from "../../../../src/detect/episodes/book.ts";
import { observationOf } from "../../../../src/detect/episodes/strength.ts";
import { suppressedBy } from "../../../../src/detect/episodes/suppression.ts";
import type { Flag } from "../../../../src/detect/flag.ts";
import { MINUTE_MS, MONDAY } from "./load.ts";
import { minuteOf } from "./minutes.ts";
import { CALM, type Counts, listener, sharesOf, windowOf } from "./windows.ts";

export const INTERVAL_MS = 10_000;

export interface Announced {
  readonly kind: string;
  readonly at: number;
  readonly until: number | null;
}

/** One host through the whole of it: baselines, diagnoses, incidents, as a job would run them. */
export class Pipeline {
  readonly baselines = new ShardBaselines();
  readonly steps: Judgement[] = [];
  book: Book = emptyBook();
  transitions: Transition[] = [];
  diagnoses: Diagnosis[] = [];
  at = MONDAY;
  /** What detectors said of single intervals. */
  flags: Flag[] = [];
  events: Announced[] = [];
  #intervals: Counts[] = [];
  /** Flags of the last minute that is over, which hold for a minute more. */
  #closed: Flag[] = [];

  /** Minutes that only teach. */
  learn(minutes: number, counts: (at: number) => Counts): this {
    for (let minute = 0; minute < minutes; minute++, this.at += MINUTE_MS) {
      this.baselines.evaluate(minuteOf(this.at, named(counts(this.at))));
    }
    return this;
  }

  /** Intervals of ten seconds, with the listeners as they are over the last six of them. */
  run(intervals: number, counts: (at: number) => Counts, listeners: ObservedListener[] = [listener()]): this {
    for (let index = 0; index < intervals; index++) this.#interval(counts(this.at), listeners);
    return this;
  }

  /** Intervals in which nothing is heard of the host, each judged as the job does that looks for silent ones. */
  silence(intervals: number, said: Partial<HostPresence> = {}): this {
    const lastSeen = this.at;
    for (let index = 0; index < intervals; index++) {
      this.at += INTERVAL_MS;
      const presence = { hostId: 1, lastSeen, everyMs: INTERVAL_MS, goodbye: null, ...said };
      const hosts = judgeSilence([presence], this.at);
      this.flags.push(...hosts.map(({ flag }) => flag));
      this.#take({
        source: "presence",
        at: this.at,
        judges: "presence",
        observations: hosts.map(({ state }) => ({
          subject: "host 1",
          host: "h1",
          role: "web",
          cause: "HOST_SILENT",
          port: null,
          strength: this.#isHeldBack("HOST_SILENT") ? null : state === "late" ? 0.75 : 1,
          severity: "MAJOR",
        })),
        judged: new Set(["host 1"]),
        sizes: new Map([["web", 50]]),
      });
    }
    return this;
  }

  #isHeldBack(cause: Cause): boolean {
    return suppressedBy(cause, this.at, this.#known()) !== null;
  }

  #known(): KnownEvent[] {
    return this.events.map((event) => ({ ...event, title: "" }));
  }

  #interval(counts: Counts, listeners: ObservedListener[]): void {
    this.#intervals = [...this.#intervals, counts].slice(-30);
    const start = Math.floor(this.at / MINUTE_MS) * MINUTE_MS;
    this.at += INTERVAL_MS;
    const inMinute = this.#intervals.slice(-((this.at - start) / INTERVAL_MS));
    const open = minuteOf(start, named(summed(inMinute)), { ratedMs: this.at - start });
    const opened = judgeOpenMinute(this.baselines, open, this.at).map(({ flag }) => flag);
    if (this.at - start === MINUTE_MS) {
      this.#closed = this.baselines.evaluate(open).flags.map(({ flag }) => flag);
    }
    const flags = [...opened, ...this.#closed.filter(({ to }) => to > this.at - MINUTE_MS)];
    this.flags.push(...flags);

    const shares = sharesOf(windowOf(this.#intervals));
    const isLosing = (shares.at(-1)?.share ?? 0) > 0.001;
    const found =
      flags.length === 0 && !isLosing
        ? null
        : diagnose(
            windowOf(this.#intervals.slice(-6), { listeners }),
            { ...CALM, flags, events: this.#known() },
            shares,
          );
    if (found !== null) this.diagnoses.push(found);
    const whose = { subject: "n1", host: "h1", role: "web" };
    const newest = { share: shares.at(-1)?.share ?? null, closesMinute: this.at % MINUTE_MS === 0 };
    const observations = found === null ? [] : [observationOf(found, whose, newest)];
    this.#take({
      source: "shard 0",
      at: this.at,
      judges: "counters",
      observations: observations.map((one) =>
        this.#isHeldBack(one.cause) ? { ...one, strength: null } : one,
      ),
      judged: new Set(["n1"]),
      sizes: new Map([["web", 50]]),
    });
  }

  #take(step: Judgement): void {
    this.steps.push(step);
    const { book, transitions } = advance(this.book, step);
    this.book = book;
    this.transitions.push(...transitions);
  }

  kinds(): string[] {
    return this.transitions.map(({ kind }) => kind);
  }
}

const named = (counts: Counts) =>
  Object.fromEntries(Object.entries(counts).map(([measure, count]) => [MEASURES[measure as Measure], count]));

function summed(all: readonly Counts[]): Counts {
  const sum: Counts = {};
  for (const counts of all) {
    for (const [measure, count] of Object.entries(counts) as [Measure, number][]) {
      sum[measure] = (sum[measure] ?? 0) + count;
    }
  }
  return sum;
}
