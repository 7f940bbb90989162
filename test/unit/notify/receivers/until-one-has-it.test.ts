import { expect, test } from "vitest";
import type { Outcome } from "../../../../src/notify/receiver.ts";
import { untilOneHasIt } from "../../../../src/notify/receivers/until-one-has-it.ts";

const TAKEN: Outcome = { delivered: true, status: 200, answer: "200" };
const BUSY: Outcome = { delivered: false, status: 503, answer: "503", retry: true, retryAfterMs: null };

/** One that is off: it answers nothing until it is told to end. */
function hangs(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => setTimeout(() => resolve(BUSY), 1), { once: true });
  });
}

test("once one has taken it, one that hangs is ended, and named as late", async () => {
  const [took, late] = await untilOneHasIt([async () => TAKEN, hangs], 20);
  expect(took).toEqual(TAKEN);
  expect(late).toMatchObject({
    delivered: false,
    retry: true,
    answer: expect.stringContaining("within 0.02 s"),
  });
});

test("while none has, all are waited for", async () => {
  let answer: (outcome: Outcome) => void = () => undefined;
  const slow = new Promise<Outcome>((resolve) => {
    answer = resolve;
  });
  const refused: Promise<Outcome> = Promise.resolve(BUSY);
  const outcomes = untilOneHasIt([() => refused, () => slow], 1);
  await refused;
  setTimeout(() => answer(TAKEN), 20);
  expect(await outcomes).toEqual([BUSY, TAKEN]);
});

test("one that throws is thrown", async () => {
  const broken = Promise.reject(new Error("ours"));
  await expect(untilOneHasIt([async () => TAKEN, () => broken], 1)).rejects.toThrow("ours");
});
