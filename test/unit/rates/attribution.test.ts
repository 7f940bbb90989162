import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attributeDrops, type ListenerEvidence } from "../../../src/rates/attribution.ts";

const one = (weight: number, samplesFull = 0): ListenerEvidence => ({ weight, samplesFull });
const calm = (listenDrops: number) => ({ listenDrops, inflators: 0 });

describe("sharing the drops of a namespace", () => {
  test("weights that add up to the drops leave no doubt", () => {
    expect(attributeDrops(calm(40), [one(30, 5), one(10, 2), one(0)])).toEqual([
      { drops: 30, share: 0.75, confidence: 1, note: expect.stringMatching(/grew by 30 while .* by 40\.$/) },
      { drops: 10, share: 0.25, confidence: 1, note: expect.anything() },
      null,
    ]);
  });

  test("the only one with a weight had all of the drops, also when each counted twice", () => {
    const [only] = attributeDrops(calm(20), [one(40, 3), one(0)]);
    expect(only).toMatchObject({ drops: 20, share: 1, confidence: 1 });
    expect(only?.note).toMatch(/all weights are 40/);
  });

  test("weights above the drops are shared, with less confidence the more they are above", () => {
    const confidence = (scanned: number) => attributeDrops(calm(40), [one(40), one(scanned)])[0]?.confidence;
    const found = [0, 10, 20, 40, 400].map(confidence);
    expect(found).toEqual([1, 0.75, 0.5, 0, 0]);
    expect(attributeDrops(calm(40), [one(40), one(40)])[1]).toMatchObject({ share: 0.5, drops: 20 });
  });

  test("what no weight covers is nobody's", () => {
    const [found] = attributeDrops(calm(100), [one(25, 1)]);
    expect(found).toMatchObject({ drops: 25, share: 0.25, confidence: 0.25 });
    expect(found?.note).toMatch(/listeners that were not seen/);
  });

  test("resets of half-open connections and TCP_DEFER_ACCEPT lower the confidence", () => {
    const confidence = (inflators: number) =>
      attributeDrops({ listenDrops: 10, inflators }, [one(10)])[0]?.confidence;
    expect([confidence(0), confidence(10), confidence(1e9)]).toEqual([1, 0.75, expect.closeTo(0.5, 6)]);
    expect(attributeDrops({ listenDrops: 10, inflators: 3 }, [one(10)])[0]?.note).toMatch(
      /EmbryonicRsts and TCPDeferAcceptDrop grew by 3/,
    );
  });

  test("one whose queue was full goes before one whose was not", () => {
    const [full, calmer] = attributeDrops(calm(20), [one(10, 4), one(10, 0)]);
    expect(full?.confidence).toBe(1);
    expect(calmer).toMatchObject({
      confidence: 0.5,
      note: expect.stringMatching(/never seen over its limit/),
    });
  });

  test("without weights the full queues are a guess, and said to be one", () => {
    expect(attributeDrops(calm(9), [one(0, 2), one(0, 1), one(0)])).toEqual([
      { drops: 6, share: 2 / 3, confidence: expect.closeTo(1 / 6), note: expect.stringMatching(/a guess/) },
      { drops: 3, share: 1 / 3, confidence: expect.closeTo(1 / 12), note: expect.anything() },
      null,
    ]);
  });

  test("no drops, or nothing seen of anybody: nothing is said", () => {
    expect(attributeDrops(calm(0), [one(7, 3)])).toEqual([null]);
    expect(attributeDrops(calm(5), [one(0), one(0)])).toEqual([null, null]);
    expect(attributeDrops(calm(5), [])).toEqual([]);
  });
});

test("shares and confidences lie within 0 and 1, and no more is shared than was dropped", () => {
  const evidence = fc.record({ weight: fc.nat(1_000), samplesFull: fc.nat(20) });
  const namespace = fc.record({ listenDrops: fc.nat(1_000), inflators: fc.nat(1_000) });
  fc.assert(
    fc.property(namespace, fc.array(evidence, { maxLength: 8 }), (drops, listeners) => {
      let shared = 0;
      attributeDrops(drops, listeners).forEach((found, index) => {
        if (found === null) return;
        shared += found.drops;
        expect(found.confidence).toBeGreaterThanOrEqual(-1e-9);
        expect(found.confidence).toBeLessThanOrEqual(1 + 1e-9);
        const { weight = 0, samplesFull = 0 } = listeners[index] ?? {};
        expect(weight + samplesFull).toBeGreaterThan(0);
        if (weight > 0) expect(found.drops).toBeLessThanOrEqual(weight + 1e-9);
      });
      expect(shared).toBeLessThanOrEqual(drops.listenDrops + 1e-9);
    }),
    { numRuns: 2_000 },
  );
});
