import fc from "fast-check";
import { expect, test } from "vitest";
import { LruMap } from "../../../src/store/lru-map.ts";

test("the one that was asked for longest ago goes", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  expect(map.get("a")).toBe(1);
  map.set("c", 3);
  expect([map.get("a"), map.get("b"), map.get("c"), map.size]).toEqual([1, undefined, 3, 2]);
  map.set("c", 4);
  map.delete("a");
  expect([map.has("a"), map.has("c"), map.get("c"), map.size]).toEqual([false, true, 4, 1]);
});

test("it holds no more than it may, and the newest of all that was asked for", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("get", "set", "delete"), fc.nat(9)), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (max, all) => {
      const map = new LruMap<number, number>(max);
      let order: number[] = [];
      for (const [step, key] of all) {
        const known = order.includes(key);
        if (step === "get") expect(map.get(key)).toBe(known ? key : undefined);
        else if (step === "set") map.set(key, key);
        else map.delete(key);
        order = order.filter((one) => one !== key);
        if (step === "set" || (step === "get" && known)) order.push(key);
        order = order.slice(-max);
        expect(map.size).toBe(order.length);
      }
      for (const key of order) expect(map.has(key)).toBe(true);
    }),
  );
});
