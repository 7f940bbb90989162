import { expect, test } from "vitest";
import { restartFlag, seenRestart } from "../../../../src/detect/diagnosis/restart-flag.ts";
import { listener, spread, windowOf } from "../support/windows.ts";

const gone = listener({ closedAt: 30_000 });
const back = listener({ inode: "2", openedAt: 34_000 });

test("a listener that is gone, with the connections that were reset", () => {
  const window = windowOf(spread({ resets: 40 }, 5), { listeners: [gone] });
  const restart = seenRestart(window, null);
  expect(restart).toEqual({ from: 30_000, resets: 40, backAt: null });
  expect(restart && restartFlag(window, restart)).toMatchObject({
    detector: "restart",
    from: 30_000,
    to: 50_000,
    observed: 40,
    text: "The listener 0.0.0.0:8080 (app) was closed: 40 connections were reset. Drain before closing, or hand the socket to the next process.",
  });
});

test("a later window knows that it is back, and takes nothing from what was seen", () => {
  const before = { from: 30_000, resets: 40, backAt: null };
  const window = windowOf(spread({ resets: 6 }), { listeners: [gone, back] });
  const restart = seenRestart(window, before);
  expect(restart).toEqual({ from: 30_000, resets: 40, backAt: 34_000 });
  expect(restart && restartFlag(window, restart)).toMatchObject({
    to: 34_000,
    text: "The listener 0.0.0.0:8080 (app) was closed, and one was opened on its port 4 s later: 40 connections were reset. Drain before closing, or hand the socket to the next process.",
  });
  // When exactly it was opened is known of the first list that has it.
  const later = windowOf(spread({}, 7), { listeners: [gone, listener({ inode: "2", openedAt: 60_000 })] });
  expect(seenRestart(later, restart)).toEqual(restart);
});

test("the next restart is another one", () => {
  const window = windowOf(spread({ resets: 6 }), { listeners: [listener({ closedAt: 50_000 })] });
  expect(seenRestart(window, { from: 30_000, resets: 40, backAt: 34_000 })).toMatchObject({
    from: 50_000,
    resets: 6,
    backAt: null,
  });
});

test("where nothing was closed there is none", () => {
  const window = windowOf(spread({ resets: 6 }), { listeners: [listener()] });
  expect(seenRestart(window, null)).toBeNull();
});
