import fc from "fast-check";
import { expect, test } from "vitest";
import { COMPLETE_MS, createPartialLists } from "../../../../agent/listeners/partial.ts";
import { LIMITS } from "../../../../src/protocol/limits.ts";
import type { WireListener, WireListeners } from "../../../../src/protocol/message.ts";

const EVERY_MS = 10_000;

function socket(port: number, more: Partial<WireListener> = {}): WireListener {
  return {
    ...{ address: "::", port, inode: String(port), acceptQueue: 0, peakQueue: 0 },
    ...{ limit: 128, samplesFull: 0, drops: 0, ...more },
  };
}

const list = (...sockets: WireListener[]): WireListeners => ({ source: "ss", samples: 1, sockets });

test("the first list is complete, then those that say nothing new are left out, and a minute later all come", () => {
  const lists = createPartialLists();
  const idle = list(socket(1), socket(2));
  const said = Array.from({ length: 13 }, (_one, i) => lists.reduce(idle, i * EVERY_MS + (i % 2), EVERY_MS));
  expect(
    said.map(({ complete = true, sockets }) => (complete ? `all ${sockets.length}` : sockets.length)),
  ).toEqual(["all 2", 0, 0, 0, 0, 0, "all 2", 0, 0, 0, 0, 0, "all 2"]);
  expect(said[1]).toEqual({ source: "ss", samples: 1, complete: false, sockets: [] });
  expect(said[0]).not.toHaveProperty("complete");
});

test.each<[string, Partial<WireListener>]>([
  ["its queue", { acceptQueue: 1, peakQueue: 1 }],
  ["a peak between two lists", { peakQueue: 1 }],
  ["its limit", { limit: 64 }],
  ["how its limit is known", { limitInferred: true }],
  ["its drops", { drops: 1 }],
  ["its owner", { owner: "nginx" }],
])("a listener is said again when it has changed: %s", (_case, more) => {
  const lists = createPartialLists();
  lists.reduce(list(socket(1), socket(2)), 0, EVERY_MS);
  const changed = lists.reduce(list(socket(1), socket(2, more)), EVERY_MS, EVERY_MS);
  expect(changed).toEqual({ ...list(socket(2, more)), complete: false });
  // And when it is again as it was.
  expect(lists.reduce(list(socket(1), socket(2)), 2 * EVERY_MS, EVERY_MS).sockets).toEqual([socket(2)]);
  expect(lists.reduce(list(socket(1), socket(2)), 3 * EVERY_MS, EVERY_MS).sockets).toEqual([]);
});

test("a new listener is said, and one whose queue stands still is said each time", () => {
  const lists = createPartialLists();
  const stuck = socket(1, { acceptQueue: 5, peakQueue: 5, limit: 4, samplesFull: 1 });
  lists.reduce(list(stuck), 0, EVERY_MS);
  expect(lists.reduce(list(stuck, socket(2)), 1, EVERY_MS).sockets).toEqual([stuck, socket(2)]);
  expect(lists.reduce(list(stuck, socket(2)), 2, EVERY_MS).sockets).toEqual([stuck]);
});

test("more than a list may have is never called complete, and two lists tell of all of them", () => {
  const lists = createPartialLists();
  const most = LIMITS.listenersPerSnapshot;
  const full = list(...Array.from({ length: most + 3 }, (_one, i) => socket(i + 1)));
  const said = Array.from({ length: 8 }, (_one, i) => lists.reduce(full, i * EVERY_MS, EVERY_MS));
  expect(said.map(({ complete, sockets }) => [complete, sockets.length])).toEqual([
    ...[
      [false, most],
      [false, 3],
      [false, 0],
      [false, 0],
      [false, 0],
      [false, 0],
    ],
    ...[
      [false, most],
      [false, 3],
    ],
  ]);
  expect(said.slice(0, 2).flatMap(({ sockets }) => sockets)).toEqual(full.sockets);
});

test("at an interval of a minute, as many lists as it takes tell of all, and then all are told anew", () => {
  const lists = createPartialLists();
  const most = LIMITS.listenersPerSnapshot;
  const full = list(...Array.from({ length: 2 * most + 3 }, (_one, i) => socket(i + 1)));
  const said = Array.from({ length: 6 }, (_one, i) => lists.reduce(full, i * COMPLETE_MS, COMPLETE_MS));
  expect(said.map(({ sockets }) => sockets.length)).toEqual([most, most, 3, most, most, 3]);
  expect(said.slice(0, 3).flatMap(({ sockets }) => sockets)).toEqual(full.sockets);
  expect(said.every(({ complete }) => complete === false)).toBe(true);
});

test("one that was closed while others had yet to be told is news when it is there again", () => {
  const lists = createPartialLists();
  const many = Array.from({ length: 3 * LIMITS.listenersPerSnapshot }, (_one, i) => socket(i + 2));
  lists.reduce(list(socket(1), ...many), 0, COMPLETE_MS);
  lists.reduce(list(...many), COMPLETE_MS, COMPLETE_MS);
  const { sockets } = lists.reduce(list(socket(1), ...many), 2 * COMPLETE_MS, COMPLETE_MS);
  expect(sockets[0]).toEqual(socket(1));
});

test("a list that just has room for all is complete", () => {
  const full = list(...Array.from({ length: LIMITS.listenersPerSnapshot }, (_one, i) => socket(i + 1)));
  expect(createPartialLists().reduce(full, 0, EVERY_MS)).toEqual(full);
});

test("a namespace that is heard of once a minute sends complete lists only", () => {
  const lists = createPartialLists();
  for (const atMs of [0, 57_000, 115_000]) {
    expect(lists.reduce(list(socket(1)), atMs, EVERY_MS)).not.toHaveProperty("complete");
  }
});

test("whatever comes, changes and goes: complete list and what was said since make the list there is", () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 100, max: 30_000 }),
    sockets: fc.uniqueArray(
      fc.record({
        port: fc.integer({ min: 1, max: 6 }),
        peakQueue: fc.integer({ min: 0, max: 1 }),
        drops: fc.nat(1),
      }),
      { selector: ({ port }) => port, maxLength: 6 },
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const lists = createPartialLists();
      let known = new Map<string, WireListener>();
      let nowMs = 0;
      for (const { afterMs, sockets } of steps) {
        nowMs += afterMs;
        const truth = sockets.map(({ port, ...more }) => socket(port, more));
        const { complete = true, sockets: said } = lists.reduce(list(...truth), nowMs, EVERY_MS);
        if (complete) known = new Map();
        for (const one of said) known.set(one.inode, one);
        for (const one of truth) expect(known.get(one.inode)).toEqual(one);
        if (complete) expect(known.size).toBe(truth.length);
      }
    }),
  );
});
