import { expect, test } from "vitest";
import { createTuning } from "../../../agent/tuning.ts";

function setUp() {
  const flags: string[] = [];
  const { cycle } = createTuning((flag) => flags.push(flag));
  return { atStart: flags.splice(0), flags, cycle };
}

test("small at the start, and for as long as cycles are cheap", () => {
  const { atStart, flags, cycle } = setUp();
  expect(atStart).toEqual(["--semi-space-growth-factor=1", "--no-opt", "--no-sparkplug"]);
  for (const cpuMs of [null, 3, 50, 50, 50, 50, 3, 50, null, 50]) cycle(cpuMs);
  expect(flags).toEqual([]);
});

test("fast, once, when five cycles in a row were dear", () => {
  const { flags, cycle } = setUp();
  for (let i = 0; i < 20; i += 1) cycle(30);
  expect(flags).toEqual(["--opt", "--sparkplug"]);
});
