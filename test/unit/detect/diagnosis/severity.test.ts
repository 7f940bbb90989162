import { expect, test } from "vitest";
import { milder, worse } from "../../../../src/detect/diagnosis/cause.ts";
import { lossSeverity } from "../../../../src/detect/diagnosis/severity.ts";

const points = (...shares: (number | null)[]) =>
  shares.map((share, index) => ({ to: (index + 1) * 10_000, share }));
const times = (count: number, share: number | null) => Array.from({ length: count }, () => share);

test.each([
  ["nothing lost", points(0, 0), "INFO"],
  ["nothing known", [], "INFO"],
  ["nothing attempted", points(null, null), "INFO"],
  ["below 0.1 %", points(0.0009), "INFO"],
  ["0.1 %", points(0, 0.001), "MINOR"],
  ["1 %", points(0.01), "MAJOR"],
  ["half of them, in one snapshot", points(0, 0.5), "MAJOR"],
  ["a tenth, in two snapshots running", points(0, 0.1, 0.1), "CRITICAL"],
  ["a tenth, twice with a pause", points(0.1, 0, 0.1), "MAJOR"],
  ["1 % for nearly five minutes", points(0, ...times(29, 0.01)), "MAJOR"],
  ["1 % for five minutes", points(0, ...times(30, 0.01)), "CRITICAL"],
  [
    "1 % for five minutes, in some of which nobody came",
    points(0, ...times(15, 0.01), null, null, ...times(13, 0.01)),
    "CRITICAL",
  ],
])("%s", (_name, shares, severity) => {
  expect(lossSeverity(shares, null)).toBe(severity);
});

test("a host that hardly anybody calls is never worse than minor by itself", () => {
  expect(lossSeverity(points(1, 1), 0.5)).toBe("MINOR");
  expect(lossSeverity(points(1, 1), 2)).toBe("CRITICAL");
});

test("worse and milder", () => {
  expect([worse("MINOR", "MAJOR"), milder("MINOR", "MAJOR"), worse("INFO", "INFO")]).toEqual([
    "MAJOR",
    "MINOR",
    "INFO",
  ]);
});
