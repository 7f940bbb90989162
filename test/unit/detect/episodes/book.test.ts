import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import {
  advance,
  type Book,
  emptyBook,
  type Judgement,
  OpenBook,
  type Transition,
} from "../../../../src/detect/episodes/book.ts";
import { inhibitions } from "../../../../src/detect/episodes/inhibition.ts";

const STEP_MS = 10_000;
const T0 = 1_000_000_000;

interface Fault {
  readonly host: number;
  readonly cause?: Cause;
  readonly strength?: number | null;
  readonly port?: number;
}

/** What a fleet of `size` hosts of one role shows at a step. */
function stepOf(number: number, faults: readonly Fault[], size = 100): Judgement {
  const judges = faults.some(({ cause }) => cause === "HOST_SILENT") ? "presence" : "counters";
  return {
    source: judges,
    at: T0 + number * STEP_MS,
    judges,
    observations: faults.map(({ host, cause = "APPLICATION_SLOW", strength = 5, port = 80 }) => ({
      subject: `h${host}`,
      host: `h${host}`,
      role: "web",
      cause,
      port: cause === "HOST_SILENT" ? null : port,
      strength,
      severity: "CRITICAL",
    })),
    judged: new Set(Array.from({ length: size }, (_, host) => `h${host}`)),
    sizes: new Map([
      ["web", size],
      ["*", size],
    ]),
  };
}

class Fleet {
  book: Book = emptyBook();
  transitions: Transition[] = [];
  number = 0;
  readonly size: number;

  constructor(size = 100) {
    this.size = size;
  }

  take(step: Judgement): Transition[] {
    const { book, transitions } = advance(this.book, step);
    this.book = book;
    this.transitions.push(...transitions);
    return transitions;
  }

  run(steps: number, faults: readonly Fault[] = []): this {
    for (let step = 0; step < steps; step++) this.take(stepOf(++this.number, faults, this.size));
    return this;
  }

  open() {
    return [...this.book.incidents.values()].filter(({ status }) => status === "open");
  }

  kinds() {
    return this.transitions.map(({ kind }) => kind);
  }
}

const hosts = (count: number, more: Partial<Fault> = {}) =>
  Array.from({ length: count }, (_, host) => ({ host, ...more }));

describe("the same fault", () => {
  test.each([
    [1, 1, "host"],
    [19, 19, "host"],
    [20, 1, "fleet"],
    [21, 1, "fleet"],
    [100, 1, "fleet"],
  ])("on %d of 100 hosts of a role makes %d incidents, of a %s", (count, incidents, kind) => {
    const fleet = new Fleet().run(6, hosts(count));
    expect(fleet.open()).toHaveLength(incidents);
    expect(new Set(fleet.open().map(({ scope }) => scope.kind))).toEqual(new Set([kind]));
    expect(fleet.open().flatMap(({ members }) => members)).toHaveLength(count);
    fleet.run(40);
    expect(fleet.open()).toEqual([]);
    expect(fleet.kinds().filter((what) => what === "opened")).toHaveLength(incidents);
    expect(fleet.kinds().filter((what) => what === "resolved")).toHaveLength(incidents);
  });

  test("that spreads within two minutes: the hosts' incidents become part of the fleet's", () => {
    const fleet = new Fleet().run(6, hosts(10)).run(4, hosts(25));
    expect(fleet.open()).toMatchObject([{ scope: { kind: "fleet", of: "web" } }]);
    const resolved = fleet.transitions.filter(({ kind }) => kind === "resolved");
    expect(resolved).toHaveLength(10);
    expect(new Set(resolved.map(({ detail }) => detail))).toEqual(
      new Set(["became part of a fleet-wide incident"]),
    );
  });

  test("that comes host by host, each ten minutes later, is of hosts", () => {
    const fleet = new Fleet();
    for (let count = 1; count <= 25; count++) fleet.run(60, hosts(count));
    expect(fleet.open()).toHaveLength(25);
  });

  test("of which most have recovered is still the fleet's", () => {
    const fleet = new Fleet().run(6, hosts(30)).run(60, hosts(2));
    expect(fleet.open()).toMatchObject([{ scope: { kind: "fleet" }, members: ["h0", "h1"] }]);
    expect(fleet.kinds().filter((kind) => kind === "left")).toHaveLength(28);
  });

  test("on two ports of a host makes two incidents", () => {
    const fleet = new Fleet().run(6, [
      { host: 1, port: 80 },
      { host: 1, port: 443 },
    ]);
    expect(fleet.open().map(({ port }) => port)).toEqual([80, 443]);
  });
});

test("20 s bad and 40 to 400 s good, for two hours, is one incident", () => {
  const fleet = new Fleet();
  for (let round = 0; fleet.number < 720; round++) {
    fleet.run(2, [{ host: 1 }]).run(4 + ((round * 7) % 37));
  }
  expect(fleet.kinds().filter((kind) => kind === "opened")).toHaveLength(1);
  expect(fleet.book.incidents.size).toBe(1);
});

test("one that flaps says so once", () => {
  const fleet = new Fleet();
  for (let round = 0; round < 5; round++) fleet.run(3, [{ host: 1 }]).run(110);
  expect(fleet.kinds().filter((kind) => kind === "flapping")).toHaveLength(1);
  expect(fleet.kinds().filter((kind) => kind === "reopened").length).toBeGreaterThanOrEqual(3);
});

test("the cause of a full queue that changes is one incident, named anew", () => {
  const fleet = new Fleet().run(6, [{ host: 1 }]).run(6, [{ host: 1, cause: "APPLICATION_STALLED" }]);
  expect(fleet.kinds()).toEqual(["opened", "renamed"]);
  expect(fleet.open()).toMatchObject([{ cause: "APPLICATION_STALLED" }]);
});

test("a fleet that falls silent at once is one incident, and holds back all others", () => {
  const fleet = new Fleet().run(6, [{ host: 1 }]);
  fleet.run(3, hosts(30, { cause: "HOST_SILENT" }));
  const silent = fleet.open().find(({ cause }) => cause === "HOST_SILENT");
  expect(silent).toMatchObject({ scope: { kind: "fleet", of: "*" } });
  expect(fleet.open()).toHaveLength(2);
  const held = inhibitions(fleet.open(), T0);
  expect([...held.values()]).toEqual([silent?.key]);
});

test("silence is not ended by counters, nor loss by presence", () => {
  const fleet = new Fleet().run(3, [{ host: 7, cause: "HOST_SILENT" }]).run(200);
  expect(fleet.open()).toMatchObject([{ cause: "HOST_SILENT" }]);
});

test("hosts that left end their incidents", () => {
  const fleet = new Fleet().run(6, [{ host: 1 }]);
  fleet.take({ ...stepOf(++fleet.number, []), gone: new Set(["h1"]) });
  expect(fleet.open()).toEqual([]);
});

describe("whatever the order and however often steps come", () => {
  const fault = fc.record({
    host: fc.nat(29),
    cause: fc.constantFrom<Cause>(
      "APPLICATION_SLOW",
      "APPLICATION_STALLED",
      "SYN_FLOOD",
      "UPSTREAM_REFUSING",
    ),
    strength: fc.constantFrom(null, 0, 0.6, 1, 9),
    port: fc.constantFrom(80, 443),
  });
  const faults = fc.array(fault, { maxLength: 12 });
  /** Stretches in which the same goes on, so that episodes come about. */
  const history = fc
    .array(fc.record({ steps: fc.constantFrom(1, 3, 6, 40, 200), faults }), { maxLength: 8 })
    .map((all) => {
      let number = 0;
      return all.flatMap(({ steps, faults: same }) =>
        Array.from({ length: steps }, () => stepOf(++number, same, 30)),
      );
    });

  /** Each incident is opened and resolved in turns. */
  function expectTurns(transitions: readonly Transition[]) {
    const open = new Map<string, boolean>();
    for (const { key, kind } of transitions) {
      const isOpen = open.get(key) ?? false;
      if (kind === "opened" || kind === "reopened") {
        expect(isOpen).toBe(false);
        open.set(key, true);
      } else {
        expect(isOpen).toBe(true);
        if (kind === "resolved") open.set(key, false);
      }
    }
    return open;
  }

  function run(steps: readonly Judgement[]) {
    const fleet = new Fleet(30);
    for (const step of steps) fleet.take(step);
    return fleet;
  }

  test("repeated and late ones change nothing", () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat(5)), (steps, back) => {
        const straight = run(steps);
        const again = run(
          steps.flatMap((step, index) => {
            const [distance = 0] = [...back.take(1)];
            return [step, steps[Math.max(0, index - distance)] as Judgement, step];
          }),
        );
        expect(again.transitions).toEqual(straight.transitions);
        expect(again.book).toEqual(straight.book);
      }),
      { numRuns: 60 },
    );
  });

  test("shuffled ones open and resolve each incident in turns, and when all is calm all is resolved", () => {
    fc.assert(
      fc.property(
        history.chain((steps) => fc.shuffledSubarray(steps, { minLength: steps.length })),
        (steps) => {
          const fleet = run(steps);
          expectTurns(fleet.transitions);
          fleet.number = 10_000;
          fleet.run(800);
          const open = expectTurns(fleet.transitions);
          expect([...open.values()]).not.toContain(true);
          expect(fleet.book.incidents.size).toBe(0);
          expect(fleet.book.episodes.size).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a book that was put away and taken out goes on the same", () => {
    fc.assert(
      fc.property(history, fc.nat(), (steps, where) => {
        const cut = where % (steps.length + 1);
        const first = run(steps.slice(0, cut));
        const second = new Fleet(30);
        second.book = structuredClone(first.book);
        for (const step of steps.slice(cut)) second.take(step);
        expect([...first.transitions, ...second.transitions]).toEqual(run(steps).transitions);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a book that takes many judgements", () => {
  const causes = ["APPLICATION_SLOW", "APPLICATION_STALLED", "PATH_LOSS", "HOST_SILENT"] as const;
  /** One host judged for itself, now and then of another role, on one of two ports, or gone. */
  const judgements = fc.array(
    fc.record({
      host: fc.integer({ min: 0, max: 11 }),
      role: fc.constantFrom("web", "web", "web", "db", null),
      cause: fc.constantFrom(...causes),
      port: fc.constantFrom(80, 80, 443),
      strength: fc.constantFrom(0, 0, 0.7, 5, 5, 5, null),
      wait: fc.constantFrom(100, 100, 100, 10_000, 10_000, 300_000, 2_000_000),
      gone: fc.constantFrom(false, false, false, false, true),
    }),
    { maxLength: 200 },
  );
  // What flaps is looked at when it is judged, so the two may differ in when they say that it does no longer.
  const plain = ({ episodes, incidents }: Book) => ({
    episodes: [...episodes].sort(),
    incidents: [...incidents].map(([key, one]) => [key, { ...one, flapping: false }]).sort(),
  });

  test("ends as one that is taken whole for each of them", () => {
    fc.assert(
      fc.property(judgements, (all) => {
        const sizes = new Map([
          ["web", 12],
          ["db", 12],
          ["*", 12],
        ]);
        let whole = emptyBook();
        const open = new OpenBook(whole);
        let at = T0;
        for (const { host, role, cause, port, strength, wait, gone } of all) {
          at += wait;
          const subject = `h${host}`;
          const isSilence = cause === "HOST_SILENT";
          const judgement: Judgement = {
            source: subject,
            at,
            judges: isSilence ? "presence" : "counters",
            observations: [
              {
                subject,
                host: subject,
                role,
                cause,
                port: isSilence ? null : port,
                strength,
                severity: "CRITICAL",
              },
            ],
            judged: new Set([subject]),
            ...(gone ? { gone: new Set([subject]) } : {}),
            sizes,
          };
          const next = advance(whole, judgement);
          whole = next.book;
          const told = (one: readonly Transition[] | null) =>
            (one ?? [])
              .filter(({ kind }) => kind !== "flapping")
              .map((entry) => JSON.stringify(entry))
              .sort();
          expect(told(open.take(judgement))).toEqual(told(next.transitions));
          expect(plain(open.book)).toEqual(plain(whole));
        }
      }),
    );
  });

  test("leaves the one that it was opened with as it was", () => {
    const before = new Fleet().run(3, hosts(2)).book;
    const copy = structuredClone(before);
    const open = new OpenBook(before);
    expect(open.take(stepOf(4, hosts(30)))).not.toEqual([]);
    expect(before).toEqual(copy);
    expect(open.take(stepOf(4, []))).toBeNull();
  });
});
