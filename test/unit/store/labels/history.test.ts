import { expect, test } from "vitest";
import { clip } from "../../../../src/store/labels/history.ts";

const [one, two, three] = [{ v: "1" }, { v: "2" }, { v: "3" }] as const;
const pieces = [
  { from: 100, labels: one },
  { from: 200, labels: two },
  { from: 300, labels: three },
];

test.each([
  ["before all", { from: 0, to: 50 }, [{ from: 0, labels: one }]],
  ["from before the first", { from: 0, to: 150 }, [{ from: 0, labels: one }]],
  [
    "over a change",
    { from: 150, to: 250 },
    [
      { from: 150, labels: one },
      { from: 200, labels: two },
    ],
  ],
  ["from a change", { from: 200, to: 300 }, [{ from: 200, labels: two }]],
  ["after all", { from: 400, to: 500 }, [{ from: 400, labels: three }]],
  [
    "over all",
    { from: 0, to: 500 },
    [
      { from: 0, labels: one },
      { from: 200, labels: two },
      { from: 300, labels: three },
    ],
  ],
])("%s", (_name, range, expected) => {
  expect(clip(pieces, range)).toEqual(expected);
});

test("nothing known is nothing", () => {
  expect(clip([], { from: 0, to: 10 })).toEqual([]);
});
