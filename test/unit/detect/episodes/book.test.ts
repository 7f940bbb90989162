import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import type { Judgement, Transition } from "../../../../src/detect/episodes/book.ts";
import { inhibitions } from "../../../../src/detect/episodes/inhibition.ts";
import { Fleet, hosts, stepOf } from "../support/faulty-fleet.ts";

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

test("a fleet that falls silent at once is one incident, and holds back what is of its hosts alone", () => {
  const fleet = new Fleet().run(6, [{ host: 1 }, { host: 90 }]);
  fleet.run(3, hosts(30, { cause: "HOST_SILENT" }));
  const silent = fleet.open().find(({ cause }) => cause === "HOST_SILENT");
  expect(silent).toMatchObject({ scope: { kind: "fleet", of: "*" } });
  expect(fleet.open()).toHaveLength(3);
  const held = inhibitions(fleet.open());
  expect([...held.values()]).toEqual([silent?.key]);
  expect(fleet.open().find(({ key }) => held.has(key))?.members).toEqual(["h1"]);
});

test("of a fleet that is heard again, those that are not are silent each by itself", () => {
  const fleet = new Fleet().run(3, hosts(30, { cause: "HOST_SILENT" }));
  expect(fleet.open()).toMatchObject([{ scope: { kind: "fleet", of: "*" } }]);
  fleet.run(60, hosts(2, { cause: "HOST_SILENT" }));
  expect(fleet.open().map(({ scope, members }) => [scope.kind, members])).toEqual([
    ["host", ["h0"]],
    ["host", ["h1"]],
  ]);
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
