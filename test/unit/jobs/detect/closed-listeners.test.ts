import { expect, test } from "vitest";
import { closedIn, withClosed } from "../../../../src/jobs/detect/closed-listeners.ts";
import { listener, windowOf } from "../../detect/support/windows.ts";

const closed = listener({ inode: "1", port: 80, closedAt: 5_000 });
const shown = (...listeners: ReturnType<typeof listener>[]) =>
  windowOf([], { listeners, listenersSeen: true });

test("a listener that was closed is remembered while that is the cause, and then until its port is open again", () => {
  const other = listener({ inode: "2", port: 443 });
  const back = shown(closed, other, listener({ inode: "3", port: 80 }));
  expect(closedIn(shown(closed, other), "SERVICE_DOWN")).toEqual([closed]);
  expect(closedIn(shown(closed, other), "UNKNOWN")).toEqual([closed]);
  expect(closedIn(back, "RESTART")).toEqual([closed]);
  expect(closedIn(back, "UNKNOWN")).toEqual([]);
  expect(closedIn(shown(other), "SERVICE_DOWN")).toEqual([]);
});

test("a window has those that closed before it, and its own as it shows them", () => {
  const other = listener({ inode: "2", port: 443 });
  expect(withClosed(shown(other), [closed]).listeners).toEqual([other, closed]);
  const itself = { ...closed, closedAt: 6_000 };
  expect(withClosed(shown(itself), [closed]).listeners).toEqual([itself]);
  // An inode may be given to another socket later.
  const reused = listener({ inode: "1", port: 8080 });
  expect(withClosed(shown(reused), [closed]).listeners).toEqual([reused, closed]);
});

test("a window that shows less of how long one was open than was seen before has what was seen before", () => {
  const long = { ...closed, listedMs: 300_000 };
  const short = { ...closed, listedMs: 20_000, weight: 3 };
  expect(withClosed(shown(short), [long]).listeners).toEqual([{ ...short, listedMs: 300_000 }]);
  expect(withClosed(shown(long), [short]).listeners).toEqual([long]);
  const other = { ...short, closedAt: 9_000 };
  expect(withClosed(shown(other), [long]).listeners).toEqual([other]);
});

test("of hundreds those are remembered that were open longest, and of these the newest", () => {
  const passing = Array.from({ length: 400 }, (_, index) =>
    listener({ inode: `${index + 10}`, port: 1_000 + index, closedAt: 6_000 + index, listedMs: 10_000 }),
  );
  const service = { ...closed, listedMs: 300_000 };
  const remembered = closedIn(shown(...passing, closed, service), "SERVICE_DOWN");
  expect(remembered).toHaveLength(50);
  // Of the first it is not known.
  expect(remembered.slice(0, 3)).toEqual([closed, service, passing.at(-1)]);
});
