import { describe, expect, test } from "vitest";
import { randomOf } from "../../../src/demo/random.ts";
import { judgeOpenMinute } from "../../../src/detect/baseline/open-minute.ts";
import { ShardBaselines } from "../../../src/detect/baseline/shard-baselines.ts";
import { type Diagnosis, diagnose } from "../../../src/detect/diagnosis/diagnose.ts";
import { MEASURES, type Measure } from "../../../src/detect/diagnosis/measures.ts";
import type { ObservedListener } from "../../../src/detect/diagnosis/window.ts";
import {
  advance,
  type Book,
  emptyBook,
  type Judgement,
  type Transition,
} from "../../../src/detect/episodes/book.ts";
import { observationOf } from "../../../src/detect/episodes/strength.ts";
import { suppressedBy } from "../../../src/detect/episodes/suppression.ts";
import { loadOf, MINUTE_MS, MONDAY } from "./support/load.ts";
import { minuteOf } from "./support/minutes.ts";
import { CALM, type Counts, listener, sharesOf, windowOf } from "./support/windows.ts";

const INTERVAL_MS = 10_000;

/** One host through the whole of it: baselines, diagnoses, incidents, as a job would run them. */
class Pipeline {
  readonly baselines = new ShardBaselines();
  readonly steps: Judgement[] = [];
  book: Book = emptyBook();
  transitions: Transition[] = [];
  diagnoses: Diagnosis[] = [];
  at = MONDAY;
  maintenance = false;
  #intervals: Counts[] = [];

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

  #interval(counts: Counts, listeners: ObservedListener[]): void {
    this.#intervals = [...this.#intervals, counts].slice(-30);
    const start = Math.floor(this.at / MINUTE_MS) * MINUTE_MS;
    this.at += INTERVAL_MS;
    const inMinute = this.#intervals.slice(-((this.at - start) / INTERVAL_MS));
    const open = minuteOf(start, named(summed(inMinute)), { ratedMs: this.at - start });
    const flags = judgeOpenMinute(this.baselines, open, this.at).map(({ flag }) => flag);
    if (this.at - start === MINUTE_MS) this.baselines.evaluate(open);

    const shares = sharesOf(windowOf(this.#intervals));
    const isLosing = (shares.at(-1)?.share ?? 0) > 0.001;
    const found =
      flags.length === 0 && !isLosing
        ? null
        : diagnose(windowOf(this.#intervals.slice(-6), { listeners }), { ...CALM, flags }, shares);
    if (found !== null) this.diagnoses.push(found);
    const events = this.maintenance ? [{ kind: "maintenance", title: "", at: MONDAY, until: null }] : [];
    const whose = { subject: "n1", host: "h1", role: "web" };
    const newest = { share: shares.at(-1)?.share ?? null, closesMinute: this.at % MINUTE_MS === 0 };
    const observations = found === null ? [] : [observationOf(found, whose, newest)];
    this.#take({
      source: "shard 0",
      at: this.at,
      judges: "counters",
      observations: observations.map((one) =>
        suppressedBy(one.cause, this.at, events) === null ? one : { ...one, strength: null },
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

const load = loadOf("pipeline", { perMinute: 600, amplitude: 0.3 });
const tenth = (at: number) => Math.round(load(at) / 6);
const calm = (at: number): Counts => ({ accepted: tenth(at) });
const grown = () => new Pipeline().learn(3 * 1_440, (at) => ({ accepted: load(at) }));

describe("an episode is one incident, opened once and resolved once", () => {
  const full = listener({ samplesFull: 55, peakQueue: 17, firstQueue: 17, lastQueue: 17, weight: 300 });
  const faults: [string, Counts, ObservedListener[], string][] = [
    ["a slow application", { accepted: 40, overflows: 300, drops: 300 }, [full], "APPLICATION_SLOW"],
    ["a stopped application", { overflows: 300, drops: 300 }, [full], "APPLICATION_STALLED"],
    [
      "bursts on a small backlog",
      { accepted: 150, overflows: 60, drops: 60 },
      [listener({ samplesFull: 3, peakQueue: 17, weight: 60 })],
      "ACCEPT_QUEUE_TOO_SMALL",
    ],
    [
      "an upstream that refuses",
      { accepted: 100, opened: 50, attemptsFailed: 40 },
      [listener()],
      "UPSTREAM_REFUSING",
    ],
  ];

  test.each(faults)("%s, for ten minutes", (_name, counts, listeners, cause) => {
    const host = grown().run(30, calm);
    expect(host.transitions).toEqual([]);
    const began = host.at;
    host.run(60, () => counts, listeners).run(60, calm);
    expect(host.kinds().filter((kind) => kind === "opened" || kind === "resolved")).toEqual([
      "opened",
      "resolved",
    ]);
    const [opened] = host.transitions;
    // Critical within 20 s, another loss within half a minute, what loses nothing in two minutes that close.
    expect((opened?.at ?? 0) - began).toBeLessThanOrEqual(120_000);
    expect([...host.book.incidents.values()][0]?.cause).toBe(cause);
    expect(host.diagnoses.at(-1)?.cause).toBe(cause);
  });

  test("and a job that is killed and run again from any of its steps ends in the same", () => {
    const host = grown();
    for (const [, counts, listeners] of faults) host.run(20, () => counts, listeners).run(50, calm);
    for (const from of [0, 7, 50, 111]) {
      let book = emptyBook();
      const transitions: Transition[] = [];
      for (const step of [...host.steps.slice(0, from + 20), ...host.steps.slice(from)]) {
        const next = advance(book, step);
        book = next.book;
        transitions.push(...next.transitions);
      }
      expect(transitions).toEqual(host.transitions);
      expect(book).toEqual(host.book);
    }
  });
});

describe("no incident comes of", () => {
  test("the first overflows of a quiet host, when they are one to three", () => {
    const random = randomOf("quiet");
    const host = grown().run(2_000, (at) => {
      const blip = random() < 0.005 ? 1 + Math.floor(random() * 3) : 0;
      return { accepted: tenth(at), overflows: blip, drops: blip };
    });
    expect(host.transitions).toEqual([]);
  });

  test("one burst of thirty: it is seen within the interval, and nobody is told", () => {
    const host = grown().run(1, (at) => ({ accepted: tenth(at), overflows: 30, drops: 30 }));
    expect(host.diagnoses).toMatchObject([{ cause: "ACCEPT_QUEUE_TOO_SMALL" }]);
    host.run(60, calm);
    expect(host.transitions).toEqual([]);
  });

  test("connections to an upstream that were refused for a moment", () => {
    const host = grown().run(1, () => ({ accepted: 100, opened: 100, attemptsFailed: 100 }));
    expect(host.diagnoses).toMatchObject([{ cause: "UPSTREAM_REFUSING" }]);
    host.run(60, calm);
    expect(host.transitions).toEqual([]);
  });

  test("maintenance, whatever happens in it", () => {
    const host = grown();
    host.maintenance = true;
    host.run(60, () => ({ overflows: 300, drops: 300 }));
    expect(host.diagnoses.length).toBeGreaterThan(0);
    expect(host.transitions).toEqual([]);
  });
});
