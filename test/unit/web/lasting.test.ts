import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lasting, type Sink } from "../../../web/dashboard/client/lasting.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A service that counts who subscribes, and of which the test is the voice. */
function far() {
  const sinks: Sink<number>[] = [];
  let ended = 0;
  let isPaused = false;
  let tell = () => {};
  const heard: number[] = [];
  const stop = lasting<number>(
    (sink) => {
      sinks.push(sink);
      return () => {
        ended++;
      };
    },
    (value) => heard.push(value),
    {
      waitMs: (tries) => 1_000 * 2 ** tries,
      isPaused: () => isPaused,
      onPauseChange: (changed) => {
        tell = changed;
        return () => {
          tell = () => {};
        };
      },
    },
  );
  const pause = (now: boolean) => {
    isPaused = now;
    tell();
  };
  return { sinks, heard, pause, stop, ended: () => ended };
}

test.each(["error", "complete"] as const)("a subscription that ends by %s is made again", (how) => {
  const { sinks, heard } = far();
  sinks[0]?.next(1);
  sinks[0]?.[how]("over");
  expect(sinks).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  sinks[1]?.next(2);
  expect(heard).toEqual([1, 2]);
});

test("tries that are refused come ever more seldom, until one tells something", () => {
  const { sinks } = far();
  for (const [index, waitMs] of [1_000, 2_000, 4_000].entries()) {
    sinks[index]?.error("refused");
    vi.advanceTimersByTime(waitMs - 1);
    expect(sinks).toHaveLength(index + 1);
    vi.advanceTimersByTime(1);
    expect(sinks).toHaveLength(index + 2);
  }
  sinks[3]?.next(1);
  sinks[3]?.error("refused");
  vi.advanceTimersByTime(1_000);
  expect(sinks).toHaveLength(5);
});

test("nothing is tried while nobody is signed in, and at once when somebody is", () => {
  const { sinks, pause } = far();
  pause(true);
  sinks[0]?.error("signed out");
  vi.advanceTimersByTime(3_600_000);
  expect(sinks).toHaveLength(1);
  pause(false);
  expect(sinks).toHaveLength(2);
});

test("one that is ended is not made again, and ends the one that there is", () => {
  const { sinks, stop, ended } = far();
  stop();
  expect(ended()).toBe(1);
  sinks[0]?.complete();
  vi.advanceTimersByTime(3_600_000);
  expect(sinks).toHaveLength(1);
});

test("one that is ended while it waits is not made again", () => {
  const { sinks, stop } = far();
  sinks[0]?.error("refused");
  stop();
  vi.advanceTimersByTime(3_600_000);
  expect(sinks).toHaveLength(1);
});
