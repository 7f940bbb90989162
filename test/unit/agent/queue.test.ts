import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryQueue, DEFAULT_BOUNDS } from "../../../agent/queue.ts";
import { snapshot, snapshots } from "./support/snapshots.ts";

const all = () => true;
const bytes = snapshot(1).json.length;

test("snapshots leave only when they are settled, oldest first until then", () => {
  const queue = createMemoryQueue();
  const [first, second, third] = [snapshot(1), snapshot(2), snapshot(3)];
  for (const one of [first, second, third]) queue.append(one);
  expect(queue.peekBatch(2, all)).toMatchObject([first, second]);
  expect(queue.peekBatch(9, (id) => id !== 1)).toMatchObject([second, third]);
  queue.settle([{ id: 2 }]);
  expect(queue.peekBatch(9, all)).toMatchObject([first, third]);
  expect([queue.size, queue.bytes]).toEqual([2, 2 * bytes]);
});

test.each([
  ["snapshots", { snapshots: 3, bytes: 1e9 }],
  ["bytes", { snapshots: 1e9, bytes: 3 * bytes }],
])("over its bound of %s it drops the oldest, and counts them", (_case, bounds) => {
  const queue = createMemoryQueue(bounds);
  for (const one of snapshots(5)) queue.append(one);
  expect(queue.peekBatch(9, all).map(({ at }) => at)).toEqual([3, 4, 5]);
  expect(queue.dropped).toBe(2);
});

test("one that was dropped while it was under way, and answered for, counts as dropped no more", () => {
  const queue = createMemoryQueue({ snapshots: 1, bytes: 1e9 });
  const [first, second] = [snapshot(1), snapshot(2)];
  queue.append(first);
  queue.append(second);
  expect([queue.size, queue.bytes, queue.dropped]).toEqual([1, bytes, 1]);
  queue.settle([{ id: 1 }]);
  queue.settle([{ id: 1 }]);
  expect([queue.size, queue.bytes, queue.dropped]).toEqual([1, bytes, 0]);
  expect([...queue.droppedBy]).toEqual([]);
});

test("a batch is of the bytes asked for, but never empty, and begins where it is told to", () => {
  const queue = createMemoryQueue();
  for (const one of snapshots(4)) queue.append(one);
  expect(queue.peekBatch(9, all, { bytes: 2 * bytes }).map(({ id }) => id)).toEqual([1, 2]);
  expect(queue.peekBatch(9, all, { bytes: 1 }).map(({ id }) => id)).toEqual([1]);
  expect(queue.peekBatch(9, all, { fromId: 3 }).map(({ id }) => id)).toEqual([3, 4]);
  expect([queue.nextId, queue.ageMs]).toEqual([5, 3]);
});

test("by default it holds four hours at 10 s", () => {
  expect(DEFAULT_BOUNDS.snapshots * 10).toBe(4 * 3_600);
});

test("whatever is appended and settled, it keeps its bounds and loses count of nothing", () => {
  const step = fc.oneof(fc.constant("append" as const), fc.nat(6));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const queue = createMemoryQueue({ snapshots: 5, bytes: 7 * bytes });
      let appended = 0;
      let settled = 0;
      for (const one of steps) {
        if (one === "append") {
          appended += 1;
          queue.append(snapshot(appended));
        } else {
          const before = queue.size;
          queue.settle(queue.peekBatch(one, all));
          settled += before - queue.size;
        }
        expect(queue.size).toBeLessThanOrEqual(5);
        expect(queue.size).toBe(appended - settled - queue.dropped);
        const left = queue.peekBatch(9, all);
        expect(queue.bytes).toBe(left.reduce((sum, { json }) => sum + json.length, 0));
      }
    }),
  );
});
