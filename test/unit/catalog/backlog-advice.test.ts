import fc from "fast-check";
import { expect, test } from "vitest";
import { type BacklogEvidence, backlogAdvice, isAdvised } from "../../../src/catalog/backlog-advice.ts";

const CALM: BacklogEvidence = {
  limit: 128,
  somaxconn: 4_096,
  peakQueue: 0,
  samplesFull: 0,
  samples: 10,
  dropsRose: false,
};

const BURST = { peakQueue: 129, samplesFull: 1, dropsRose: true };
const PINNED = { peakQueue: 129, samplesFull: 9, dropsRose: true };

test.each([
  ["a queue that never was full needs nothing", {}],
  ["half full is far from full", { peakQueue: 64 }],
  ["an idle one is none the worse for a backlog below somaxconn", { limit: 5 }],
  ["drops in the namespace are not this listener's while its queue was never full", { dropsRose: true }],
  ["without a limit nothing can be said", { ...PINNED, limit: null }],
])("%s", (_case, evidence) => {
  expect(backlogAdvice({ ...CALM, ...evidence })).toBeNull();
});

test.each([
  [
    "a burst over the application's own backlog",
    BURST,
    ["raise the backlog in the application's listen() call from 128", "somaxconn (4096) does not help"],
  ],
  [
    "more than half full, before anything was dropped",
    { peakQueue: 65 },
    ["held 65 of the 129 connections", "listen() call from 128", "somaxconn (4096) does not help"],
  ],
  ["at its limit it takes one more", { peakQueue: 128 }, ["held 128 of the 129", "would fill it"]],
  [
    "more than half full at somaxconn",
    { limit: 4_096, peakQueue: 3_000 },
    ["held 3000 of the 4097", "raise net.core.somaxconn (4096) and the backlog"],
  ],
  ["a burst that was seen before anything was dropped", { ...BURST, dropsRose: false }, ["would have been"]],
  [
    "a burst over somaxconn",
    { ...BURST, limit: 4_096, peakQueue: 4_097 },
    ["raise net.core.somaxconn (4096) and the backlog", "restart the listener", "keeps its limit"],
  ],
  [
    "somaxconn was lowered since",
    { ...BURST, somaxconn: 64 },
    ["was higher when the listener was made", "above 128", "restart the listener"],
  ],
  ["somaxconn not seen", { ...BURST, somaxconn: null }, ["raise the backlog", "could not be seen"]],
  [
    "full in a part of the samples, and nearly full at the last",
    { ...PINNED, samplesFull: 4, lastQueue: 126 },
    ["full in 4 of 10 samples", "126 of 128 waited", "look first whether it ever empties"],
  ],
  [
    "full as often, and empty at the last",
    { ...PINNED, samplesFull: 4, lastQueue: 2 },
    ["A burst filled the queue of 128", "raise the backlog"],
  ],
  [
    "full most of the time",
    PINNED,
    ["full in 9 of 10 samples", "too slowly or not at all", "a larger backlog will not help"],
  ],
  [
    "full most of the time, at somaxconn",
    { ...PINNED, limit: 4_096, peakQueue: 4_097 },
    ["a larger backlog will not help"],
  ],
  [
    "full most of the time, while connections are taken",
    { ...PINNED, acceptsSteady: true },
    ["more slowly than they come", "a larger backlog will not help"],
  ],
  ["full at two of two samples may be one burst", { ...BURST, samplesFull: 2, samples: 2 }, ["A burst"]],
  ["full at half of the samples", { ...PINNED, samplesFull: 5 }, ["will not help"]],
])("%s", (_case, evidence, words) => {
  const advice = backlogAdvice({ ...CALM, ...evidence });
  for (const word of words) expect(advice).toContain(word);
});

test("whatever was seen: never tcp_max_syn_backlog, a whole sentence, and there is one where there is said to be", () => {
  const count = fc.nat(70_000);
  const evidence = fc.record({
    limit: fc.option(count),
    somaxconn: fc.option(count),
    peakQueue: count,
    samplesFull: fc.nat(20),
    samples: fc.nat(20),
    dropsRose: fc.boolean(),
    acceptsSteady: fc.boolean(),
  });
  fc.assert(
    fc.property(evidence, (seen) => {
      const advice = backlogAdvice(seen);
      expect(advice !== null).toBe(isAdvised(seen));
      if (advice === null) return;
      expect(advice).not.toContain("max_syn_backlog");
      expect(advice).toMatch(/^[A-Z].*\.$/);
    }),
  );
});
