import fc from "fast-check";
import { expect, test } from "vitest";
import { AcceptQueue } from "../../../src/demo/accept-queue.ts";

/** Seconds without anybody new after which nothing waits: all have been taken, or have given up. */
const PATIENCE_S = 30;

test("every client gets in or gives up, and the queue never holds more than one over its limit", () => {
  const second = fc.record({ fresh: fc.nat(300), burst: fc.nat(300), capacity: fc.nat(200) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.array(second, { maxLength: 40 }), (limit, seconds) => {
      const queue = new AcceptQueue(limit);
      let came = 0;
      let left = 0;
      const pass = (fresh: number, burst: number, capacity: number) => {
        const { accepted, lost, peak, waiting } = queue.pass(fresh, burst, capacity);
        expect(waiting).toBeLessThanOrEqual(limit + 1);
        expect(peak).toBeLessThanOrEqual(limit + 1);
        came += fresh + burst;
        left += accepted + lost;
      };
      for (const { fresh, burst, capacity } of seconds) pass(fresh, burst, capacity);
      for (let quiet = 0; quiet < PATIENCE_S; quiet++) pass(0, 0, 10_000);
      expect(left).toBe(came);
      expect(queue.isBusy).toBe(false);
    }),
  );
});

test("a client that is refused sends seven SYNs, each of which is dropped, before it gives up", () => {
  const queue = new AcceptQueue(1);
  queue.pass(2, 0, 0);
  let dropped = queue.pass(1, 0, 0).dropped;
  let lost = 0;
  for (let second = 0; second < 10; second++) {
    const one = queue.pass(0, 0, 0);
    dropped += one.dropped;
    lost += one.lost;
  }
  expect({ dropped, lost }).toEqual({ dropped: 7, lost: 1 });
});
