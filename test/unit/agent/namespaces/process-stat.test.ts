import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseStartMs } from "../../../../agent/parse/process-stat.ts";

const REST =
  "S 1 4242 4242 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 567898 2703360 401 18446744073709551615 0 0";

test.each<[string, string, number | null]>([
  ["a usual process", `4242 (sleep) ${REST}\n`, 5_678_980],
  ["a name with spaces and brackets", `4242 (a) S 1 (b) c) ${REST}\n`, 5_678_980],
  ["an empty file", "", null],
  ["a cut line", "4242 (sleep) S 1 4242", null],
  ["a start that is no number", `4242 (sleep) ${REST.replace("567898", "x")}`, null],
  ["no brackets", "what is this", null],
])("%s", (_case, text, expected) => expect(parseStartMs(text)).toBe(expected));

test("this very process started after the kernel and before now", () => {
  const startMs = parseStartMs(readFileSync("/proc/self/stat", "utf8"));
  const uptimeMs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1_000;
  expect(startMs).toBeGreaterThan(0);
  expect(startMs).toBeLessThanOrEqual(uptimeMs);
});
