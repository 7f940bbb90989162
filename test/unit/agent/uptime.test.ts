import { expect, test } from "vitest";
import { createUptimeClock } from "../../../agent/uptime.ts";

/** A boot whose true uptime is `monotonic + 500_000`, shown by the file in hundredths of a second. */
function machine() {
  const state = { monotonic: 1_000, asleep: 500_000, wallStep: 0, readable: true, reads: 0 };
  const read = () => {
    state.reads += 1;
    if (!state.readable) throw new Error("EMFILE");
    const hundredths = Math.floor((state.monotonic + state.asleep) / 10);
    return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")} 12.34\n`;
  };
  const wall = () => Math.floor(1.7e12 + state.monotonic + state.asleep + state.wallStep);
  return { state, clock: createUptimeClock("/proc", () => state.monotonic, read, wall) };
}

test("uptime is that of the file", () => {
  expect(machine().clock.now()).toBe(501_000);
});

test("between two steps of the file, milliseconds are told apart", () => {
  const { state, clock } = machine();
  const first = clock.now();
  state.monotonic += 3;
  expect(clock.now() - first).toBe(3);
});

test("it is never more than a step of the file off, and ever closer", () => {
  const { state, clock } = machine();
  for (let i = 0; i < 30; i += 1) {
    state.monotonic += 257;
    const error = state.monotonic + state.asleep - clock.now();
    expect(error).toBeGreaterThanOrEqual(0);
    expect(error).toBeLessThan(10);
  }
  expect(clock.now()).toBe(state.monotonic + state.asleep);
});

test("time asleep counts, though the monotonic clock stood still", () => {
  const { state, clock } = machine();
  const before = clock.now();
  state.asleep += 3_600_000;
  expect(clock.now() - before).toBe(3_600_000);
});

test("so does a short sleep right after a reading, and one while the wall clock was set", () => {
  const { state, clock } = machine();
  const before = clock.now();
  state.asleep += 30;
  expect(clock.now() - before).toBe(30);
  state.asleep += 5_000;
  state.wallStep -= 7_000;
  expect(clock.now() - before).toBe(5_030);
});

test("the file is read once for all who ask within a moment", () => {
  const { state, clock } = machine();
  const readAtStart = state.reads;
  for (let i = 0; i < 20; i += 1) {
    state.monotonic += 10.3;
    clock.now();
  }
  expect(state.reads).toBe(readAtStart);
  state.monotonic += 100;
  clock.now();
  expect(state.reads).toBe(readAtStart + 1);
});

test("a file that cannot be read for a while costs nothing", () => {
  const { state, clock } = machine();
  const before = clock.now();
  state.readable = false;
  state.monotonic += 400;
  expect(clock.now() - before).toBe(400);
});

test("a file of another form is refused at the start, with its path", () => {
  expect(() =>
    createUptimeClock(
      "/host/proc",
      () => 0,
      () => "up 3 days",
    ),
  ).toThrow('cannot use /host/proc/uptime: expected "seconds.hundredths ...", found "up 3 days"');
});
