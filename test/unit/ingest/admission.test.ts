import { describe, expect, test } from "vitest";
import { Admission } from "../../../src/ingest/admission.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Pushes of so many bytes each: which have begun, and what ends each. */
function pushes(admission: Admission, sizes: readonly number[]) {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = sizes.map((bytes, index) =>
    admission.run(bytes, async () => {
      begun.push(index);
      await new Promise<void>((resolve) => {
        ends[index] = resolve;
      });
      if (index % 3 === 2) throw new Error(`push ${index}`);
      return index;
    }),
  );
  return { begun, end: (index: number) => ends[index]?.(), settled: Promise.allSettled(all) };
}

describe("pushes are let in", () => {
  test("64 at a time, in their order, also after one that failed", async () => {
    const admission = new Admission();
    const { begun, end, settled } = pushes(admission, Array(200).fill(700));
    for (let ended = 0; ended < 200; ended++) {
      await turn();
      expect(begun).toHaveLength(Math.min(200, 64 + ended));
      expect(admission.waiting).toBe(200 - begun.length);
      end(ended);
    }
    const outcomes = await settled;
    expect(outcomes.map(({ status }) => status === "rejected")).toEqual(outcomes.map((_, i) => i % 3 === 2));
    expect(await admission.run(1, async () => "free")).toBe("free");
  });

  test("as many as are a megabyte together, and the largest alone; none overtakes", async () => {
    const { begun, end, settled } = pushes(new Admission(), [600_000, 600_000, 10, 1_048_576, 10]);
    await turn();
    expect(begun).toEqual([0]);
    end(0);
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    end(1);
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    end(2);
    await turn();
    expect(begun).toEqual([0, 1, 2, 3]);
    end(3);
    await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    end(4);
    await settled;
  });

  test("until as many wait as may, by their number or their bytes", async () => {
    for (const [bytes, most] of [
      [700, 20_000],
      [1_000_000, 34],
    ] as const) {
      const admission = new Admission();
      const { begun } = pushes(admission, [bytes]);
      await turn();
      const blocked = pushes(admission, Array(bytes === 700 ? 63 : 0).fill(bytes));
      await turn();
      expect(begun.length + blocked.begun.length).toBe(bytes === 700 ? 64 : 1);
      for (let waiting = 0; waiting < most; waiting++) {
        expect(admission.full).toBe(false);
        void admission.run(bytes, async () => undefined);
      }
      expect(admission.full).toBe(true);
    }
  });
});
