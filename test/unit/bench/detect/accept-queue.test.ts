import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AcceptQueue,
  type QueueShape,
  STEPS_PER_SECOND,
} from "../../../../bench/detect/corpus/accept-queue.ts";

const shapes: fc.Arbitrary<QueueShape> = fc.record({
  limit: fc.integer({ min: 1, max: 64 }),
  syns: fc.constantFrom(4, 7),
  patience: fc.integer({ min: 1, max: 40 }),
  cookies: fc.boolean(),
});
const steps = fc.array(
  fc.record({ fresh: fc.nat(200), capacity: fc.double({ min: 0, max: 50, noNaN: true }) }),
  { minLength: 1, maxLength: 300 },
);

describe("a simulated accept queue", () => {
  test("loses nobody: who came got in, gave up, or tries still; who got in was taken, or waits", () => {
    fc.assert(
      fc.property(shapes, steps, (shape, course) => {
        const queue = new AcceptQueue(shape);
        for (const { fresh, capacity } of course) queue.step(fresh, capacity);
        const seen = queue.take();
        expect(seen.accepted + seen.gaveUp + queue.trying).toBe(seen.arrived);
        expect(seen.taken + queue.waiting).toBe(seen.accepted);
      }),
    );
  });

  test("never holds more than one over its limit, and drops a packet for each client that is refused", () => {
    fc.assert(
      fc.property(shapes, steps, (shape, course) => {
        const queue = new AcceptQueue(shape);
        for (const { fresh, capacity } of course) {
          queue.step(fresh, capacity);
          expect(queue.waiting).toBeLessThanOrEqual(shape.limit + 1);
        }
        const { overflows, refused, peak, cookiesSent, cookiesReceived, cookiesFailed } = queue.take();
        expect(overflows).toBeGreaterThanOrEqual(refused);
        expect(peak).toBeLessThanOrEqual(shape.limit + 1);
        expect(cookiesFailed).toBeLessThanOrEqual(Math.min(cookiesSent, refused));
        expect(cookiesReceived).toBe(2 * cookiesSent);
        if (!shape.cookies) expect(cookiesSent).toBe(0);
      }),
    );
  });

  test.each([
    // The first SYN, and those after 1, 2, 3, 4, 5 and 7 s, or after 1, 3 and 7 s.
    [7, 7],
    [4, 4],
  ] as const)(
    "a client that sends %i SYNs in 10 s and never gets in is counted %i times",
    (syns, packets) => {
      const queue = new AcceptQueue({ limit: 1, syns, patience: 10, cookies: false });
      queue.step(2, 0);
      queue.step(1, 0);
      for (let step = 0; step < 10 * STEPS_PER_SECOND; step++) queue.step(0, 0);
      expect(queue.take()).toMatchObject({ arrived: 3, refused: 1, gaveUp: 1, overflows: packets });
    },
  );

  test("an honest burst on a small backlog sends cookies, and they come back", () => {
    const queue = new AcceptQueue({ limit: 16, syns: 7, patience: 10, cookies: true });
    queue.step(400, 0);
    const { cookiesSent, cookiesFailed, accepted } = queue.take();
    expect({ cookiesSent, cookiesFailed, accepted }).toEqual({
      cookiesSent: 383,
      cookiesFailed: 383,
      accepted: 17,
    });
  });
});
