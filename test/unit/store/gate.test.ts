import { expect, test } from "vitest";
import { Gate } from "../../../src/store/gate.ts";

test("so many at a time, in their order, also after a failure", async () => {
  const gate = new Gate(3);
  const [started, ends]: [number[], (() => void)[]] = [[], []];
  const works = Array.from({ length: 10 }, (_, index) =>
    gate.run(async () => {
      started.push(index);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (index % 4 === 1) throw new Error(`work ${index}`);
      return index;
    }),
  );
  const settled = Promise.allSettled(works);
  for (let done = 0; done < 10; done++) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(Array.from({ length: Math.min(10, 3 + done) }, (_, index) => index));
    ends[done]?.();
  }
  expect((await settled).map(({ status }) => status === "rejected")).toEqual(
    Array.from({ length: 10 }, (_, index) => index % 4 === 1),
  );
  expect(await gate.run(async () => "free")).toBe("free");
});

test("who waits too long is sent away, and takes nobody's place", async () => {
  const gate = new Gate(1, { waitMs: 20, late: () => new Error("too late") });
  let leave: () => void = () => undefined;
  const first = gate.run(
    () =>
      new Promise<void>((resolve) => {
        leave = resolve;
      }),
  );
  await expect(gate.run(async () => "never")).rejects.toThrow("too late");
  leave();
  await first;
  expect(await gate.run(async () => "free")).toBe("free");
});
