import { expect, test } from "vitest";
import { judgeLeak } from "../../../../src/detect/detectors/leak.ts";

const HOUR_MS = 3_600_000;

test.each([
  ["10 % an hour for six hours", [1000, 1100, 1200, 1300, 1400, 1500], 0, true],
  ["the same without a baseline", [1000, 1100, 1200, 1300, 1400, 1500], null, true],
  ["the same while more connections come", [1000, 1100, 1200, 1300, 1400, 1500], 4, false],
  ["five hours", [1000, 1100, 1200, 1300, 1400], 0, false],
  ["an hour that fell", [1000, 1100, 1050, 1300, 1400, 1500], 0, false],
  ["an hour that stood still", [1000, 1100, 1100, 1300, 1400, 1500], 0, false],
  ["an hour of which nothing is known", [1000, 1100, null, 1300, 1400, 1500], 0, false],
  ["less than 20 %", [1000, 1010, 1020, 1030, 1040, 1190], 0, false],
  ["less than 50", [10, 20, 25, 30, 40, 59], 0, false],
  ["from nothing", [0, 20, 30, 40, 50, 60], 0, true],
  ["after a day that fell", [9000, 8000, 1000, 1100, 1200, 1300, 1400, 1500], 0, true],
])("%s", (_name, minima, arrivalsZ, leaks) => {
  expect(judgeLeak(minima, 0, arrivalsZ) !== null).toBe(leaks);
});

test("the flag says from where to where", () => {
  const flag = judgeLeak([1000, 1100, 1200, 1300, 1400, 1500], 6 * HOUR_MS, 0);
  expect(flag).toMatchObject({ detector: "leak", from: 0, to: 6 * HOUR_MS, observed: 1500, expected: 1000 });
  expect(flag?.text).toMatch(/in each of the last 6 h, from 1,000 to 1,500, by 50 %/);
});
