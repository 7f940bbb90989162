import { expect, test } from "vitest";
import { busyEveryMs, isBusy, isHalfFull, QUIET, stirred } from "../../../../agent/listeners/cadence.ts";
import type { SeenListener } from "../../../../agent/listeners/seen.ts";

test("busy for a minute after the last drop or half full queue", () => {
  expect(isBusy(QUIET, 0)).toBe(false);
  const first = stirred(QUIET, 1_000);
  expect(isBusy(first, 60_999)).toBe(true);
  expect(isBusy(first, 61_000)).toBe(false);
  expect(isBusy(stirred(first, 50_000), 109_999)).toBe(true);
});

test("each 2 s while busy, and never less often than while quiet", () => {
  expect([busyEveryMs(10_000), busyEveryMs(500)]).toEqual([2_000, 500]);
});

test.each([
  ["empty", 0, 0, false],
  ["below half", 63, 128, false],
  ["half", 64, 128, true],
  ["over the limit", 129, 128, true],
  ["a backlog of 0 that holds one", 1, 0, true],
  ["no limit seen, and empty", 0, null, false],
  ["no limit seen, and not empty", 1, null, true],
])("%s: %d of %s is half full: %s", (_case, acceptQueue, limit, expected) => {
  const socket: SeenListener = { address: "::", port: 80, inode: "1", acceptQueue, limit, drops: null };
  expect(isHalfFull({ source: "ss", sockets: [socket] })).toBe(expected);
});
