import { expect, test } from "vitest";
import { ChangeSums } from "../../../../src/detect/baseline/change-sums.ts";
import { Evaluation } from "../../../../src/detect/baseline/evaluation.ts";

const MINUTE = 29_000_000;
const evaluationOf = (minute: number, count: number, expected: number): Evaluation =>
  Object.assign(new Evaluation(), { minute, count, expected });

/** @returns the first that says that something has changed */
function firstChange(sums: ChangeSums, from: number): Evaluation {
  for (let minute = from; ; minute++) {
    const evaluation = evaluationOf(minute, 100, 1);
    sums.add(0, evaluation, 1);
    if (evaluation.changed !== 0) return evaluation;
    expect(minute).toBeLessThan(from + 10);
  }
}

test("a change has begun when the sum was calm last", () => {
  const sums = new ChangeSums(1);
  for (let minute = MINUTE; minute < MINUTE + 5; minute++) sums.add(0, evaluationOf(minute, 0, 1), 1);
  expect(firstChange(sums, MINUTE + 5)).toMatchObject({ changed: 1, since: MINUTE + 4 });
});

test("one of a series that was never calm has begun no earlier than it is seen", () => {
  const found = firstChange(new ChangeSums(1), MINUTE);
  expect(found).toMatchObject({ changed: 1, since: found.minute });
});
