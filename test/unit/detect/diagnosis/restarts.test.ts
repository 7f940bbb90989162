import { expect, test } from "vitest";
import { restartWords, type SeenRestart, seenRestarts } from "../../../../src/detect/diagnosis/restarts.ts";
import { type Counts, listener, windowOf } from "../support/windows.ts";

const gone = listener({ closedAt: 30_000 });
const back = (openedAt: number | null) => listener({ inode: "2", openedAt });
const DRAIN = " Drain before closing, or hand the socket to the next process.";

/** Intervals of 10 s with so many resets in each. */
const resetting = (...resets: readonly number[]): Counts[] => resets.map((count) => ({ resets: count }));

test("a listener that is gone, with the connections that were reset since it was listed last", () => {
  const [restart] = seenRestarts(windowOf(resetting(7, 7, 40, 0, 0), { listeners: [gone] }), 0, []);
  expect(restart).toEqual({
    from: 30_000,
    listeners: ["0.0.0.0:8080 (app)"],
    resets: 40,
    backAt: null,
    endedAt: null,
  });
  expect(restart && restartWords(restart)).toBe(
    `The listener 0.0.0.0:8080 (app) was closed: 40 connections were reset.${DRAIN}`,
  );
});

test("resets of every day, and those after its port is open again, are none of its", () => {
  const window = windowOf(resetting(30, 30, 35, 30, 30, 500), { listeners: [gone, back(44_000)] });
  const [restart] = seenRestarts(window, 180, []);
  expect(restart).toMatchObject({ resets: 5, backAt: 44_000, endedAt: 44_000 });
});

test("a later window takes nothing from what was seen", () => {
  const before: SeenRestart = {
    from: 30_000,
    listeners: ["0.0.0.0:8080 (app)"],
    resets: 40,
    backAt: null,
    endedAt: null,
  };
  const window = windowOf(resetting(0, 0, 6, 0, 0, 0), { listeners: [gone, back(34_000)] });
  const [restart] = seenRestarts(window, 0, [before]);
  expect(restart).toEqual({ ...before, backAt: 34_000, endedAt: 34_000 });
  expect(restart && restartWords(restart)).toBe(
    `The listener 0.0.0.0:8080 (app) was closed, and opened again 4 s later: 40 connections were reset.${DRAIN}`,
  );
  // When exactly it was opened is known of the first list that has it.
  const later = windowOf(resetting(0, 0, 0, 0, 0, 0, 0), { listeners: [gone, back(60_000)] });
  expect(seenRestarts(later, 0, restart === undefined ? [] : [restart])).toEqual([restart]);
});

test("one that stays closed is no restart any more after a minute, whenever it is opened then", () => {
  const still = windowOf(resetting(0, 0, 9, 0, 0, 0, 0, 0, 0, 0), { listeners: [gone] });
  expect(seenRestarts(still, 0, [])).toMatchObject([{ backAt: null, endedAt: 90_000 }]);
  const opened = windowOf(resetting(0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0), { listeners: [gone, back(105_000)] });
  expect(seenRestarts(opened, 0, [])).toMatchObject([{ backAt: 105_000, endedAt: 105_000 }]);
});

test("ports that are closed one after the other are restarts of their own, together one", () => {
  const of = (port: number, closedAt: number) => listener({ inode: `${port}`, port, closedAt });
  const reopened = (port: number, openedAt: number) => listener({ inode: `${port}0`, port, openedAt });
  const listeners = [
    of(81, 10_000),
    of(82, 30_000),
    of(83, 30_000),
    reopened(82, 35_000),
    reopened(83, 50_000),
  ];
  const window = windowOf(resetting(40, 0, 3, 0, 0, 0), { listeners });
  const [first, second, ...others] = seenRestarts(window, 0, []);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ from: 10_000, listeners: ["0.0.0.0:81 (app)"], backAt: null });
  expect(second).toMatchObject({
    from: 30_000,
    listeners: ["0.0.0.0:82 (app)", "0.0.0.0:83 (app)"],
    resets: 3,
    backAt: 50_000,
  });
  expect(second && restartWords(second)).toMatch(
    /^The listeners 0\.0\.0\.0:82 \(app\), 0\.0\.0\.0:83 \(app\) were closed, and opened again 20 s later: 3 /,
  );
});

test("a port that was open for seconds before it was closed was not restarted, but when it is open again", () => {
  const passing = { ...gone, listedMs: 20_000 };
  const counts = resetting(0, 0, 9, 0, 0);
  expect(seenRestarts(windowOf(counts, { listeners: [passing] }), 0, [])).toEqual([]);
  expect(seenRestarts(windowOf(counts, { listeners: [passing, back(44_000)] }), 0, [])).toHaveLength(1);
});

test("a port on which another socket goes on listening was not closed", () => {
  expect(seenRestarts(windowOf(resetting(40), { listeners: [gone, back(null)] }), 0, [])).toEqual([]);
  expect(seenRestarts(windowOf(resetting(40), { listeners: [listener()] }), 0, [])).toEqual([]);
});

test("words for nothing and for one", () => {
  const one = { from: 0, listeners: ["*:80"], backAt: null, endedAt: null };
  expect(restartWords({ ...one, resets: 0 })).toBe("The listener *:80 was closed.");
  expect(restartWords({ ...one, resets: 1 })).toBe(
    `The listener *:80 was closed: 1 connection was reset.${DRAIN}`,
  );
});
