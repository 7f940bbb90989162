import { expect, test } from "vitest";
import { statusOf } from "../../src/store/directory.ts";

const now = Date.UTC(2026, 10, 22);

test.each([
  ["just heard of", 0, 10_000, "REPORTING"],
  ["30 s late at a short interval", 30_000, 1_000, "REPORTING"],
  ["a little later", 30_001, 1_000, "STALE"],
  ["2.5 intervals", 150_000, 60_000, "REPORTING"],
  ["over 2.5 intervals", 150_001, 60_000, "STALE"],
  ["90 s", 90_000, 10_000, "STALE"],
  ["over 90 s", 90_001, 10_000, "SILENT"],
  ["7.5 intervals", 450_001, 60_000, "SILENT"],
])("%s: %d ms at an interval of %d ms is %s", (_name, age, everyMs, status) => {
  expect(statusOf(now - age, everyMs, null, now)).toBe(status);
});

test("a host that was never heard of is silent", () => {
  expect(statusOf(null, null, null, now)).toBe("SILENT");
});

test("a host that said goodbye has left, until it is heard of again", () => {
  expect(statusOf(now - 1_000_000, 10_000, now - 999_000, now)).toBe("LEFT");
  expect(statusOf(now - 1_000, 10_000, now - 5_000, now)).toBe("REPORTING");
});
