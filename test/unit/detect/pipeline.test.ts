import { describe, expect, test } from "vitest";
import { randomOf } from "../../../src/demo/random.ts";
import type { ObservedListener } from "../../../src/detect/diagnosis/window.ts";
import { advance, emptyBook, type Transition } from "../../../src/detect/episodes/book.ts";
import { loadOf, MONDAY } from "./support/load.ts";
import { Pipeline } from "./support/pipeline.ts";
import { type Counts, listener } from "./support/windows.ts";

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
    host.run(60, () => counts, listeners);
    expect(host.diagnoses.at(-1)?.cause).toBe(cause);
    host.run(60, calm);
    expect(host.kinds().filter((kind) => kind === "opened" || kind === "resolved")).toEqual([
      "opened",
      "resolved",
    ]);
    const [opened] = host.transitions;
    // Critical within 20 s, another loss within half a minute, what loses nothing in two minutes that close.
    expect((opened?.at ?? 0) - began).toBeLessThanOrEqual(120_000);
    expect([...host.book.incidents.values()][0]?.cause).toBe(cause);
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
    host.events.push({ kind: "maintenance", at: MONDAY, until: MONDAY + 7 * 86_400_000 });
    host.run(60, () => ({ overflows: 300, drops: 300 }));
    expect(host.diagnoses.length).toBeGreaterThan(0);
    expect(host.transitions).toEqual([]);
  });
});

describe("30 days on which nothing is counted", () => {
  const idle = new Pipeline().learn(30 * 1_440, () => ({}));

  test("and a day more raise nothing", () => {
    idle.run(8_640, () => ({}));
    expect(idle.flags).toEqual([]);
    expect(idle.transitions).toEqual([]);
  });

  test("teach that the first burst of thirty overflows is one", () => {
    idle.run(1, () => ({ overflows: 30, drops: 30 }));
    expect(idle.flags).toMatchObject([{ detector: "burst", series: "TcpExtListenOverflows", observed: 30 }]);
  });
});
