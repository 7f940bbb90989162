/** Operations of one socket whose ids are taken again: whatever the order in which they begin, none is left running. */
import { expect, test } from "vitest";
import { OpenSubscriptions } from "../../../src/graphql/open-subscriptions.ts";

/** Answers that never come, and whether they were returned. */
function waiting() {
  const state = { returned: 0 };
  const answers: AsyncIterableIterator<number> = {
    next: () => new Promise(() => undefined),
    return: async () => {
      state.returned++;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { state, answers };
}

test.for([
  ["the first begins first", [0, 1]],
  ["the second begins first", [1, 0]],
] as const)("of two under one id the second runs, and is what is returned: %s", async ([, order]) => {
  const open = new OpenSubscriptions<number>();
  const both = [waiting(), waiting()] as const;
  const payloads = [{}, {}] as const;
  for (const payload of payloads) open.asked("1", payload);
  const kept = order.map((index) => open.began("1", payloads[index], both[index].answers));
  expect(both.map(({ state }) => state.returned)).toEqual([1, 0]);
  expect(open.size).toBe(1);
  // graphql-ws keeps the one that began last, and returns it when the client ends the id.
  await kept.at(-1)?.return?.();
  expect(both[1].state.returned).toBe(1);
});

test("an end is that of what was asked, and not of what has its id now", () => {
  const open = new OpenSubscriptions<number>();
  const [before, now] = [{}, {}];
  open.asked("1", before);
  open.asked("1", now);
  open.ended("1", before);
  expect(open.size).toBe(1);
  open.ended("1", now);
  expect(open.size).toBe(0);
});

test("a socket that closes ends what runs, and what begins after it", () => {
  const open = new OpenSubscriptions<number>();
  const [runs, late] = [waiting(), waiting()];
  const payload = {};
  open.asked("1", {});
  open.asked("2", payload);
  open.asked("3", payload);
  open.began("2", payload, runs.answers);
  open.close();
  expect(runs.state.returned).toBe(1);
  open.began("3", payload, late.answers);
  expect(late.state.returned).toBe(1);
});
