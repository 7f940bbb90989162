import { expect, test } from "vitest";
import { childrenCpuMs, createChildCpu } from "../../../../agent/listeners/child-cpu.ts";

/** utime 11, stime 12, cutime 13, cstime 14, in ticks of 10 ms. */
const STAT = "7 (a ) b) S 1 7 7 0 -1 4194304 100 200 0 0 11 12 13 14 20 0 11 0 500\n";

test("read past a name with spaces and parentheses", () => {
  expect(childrenCpuMs(null, () => STAT)).toBe(270);
  expect(childrenCpuMs(null)).toBeGreaterThanOrEqual(0);
});

test("a child that stays counts with what it has run", () => {
  const asked: string[] = [];
  const read = (path: string) => {
    asked.push(path);
    return STAT;
  };
  expect(childrenCpuMs(42, read)).toBe(270 + 500);
  expect(asked).toEqual(["/proc/self/stat", "/proc/42/stat"]);
});

test("0 when it cannot be read", () => {
  const unreadable = () => {
    throw new Error("no /proc");
  };
  expect(childrenCpuMs(42, unreadable)).toBe(0);
  expect(childrenCpuMs(42, () => "no stat")).toBe(0);
});

test("a cycle costs a mean of the newest twenty: the kernel counts in steps of 10 ms", () => {
  let total = 500;
  let readings = 0;
  const meter = createChildCpu(() => {
    readings += 1;
    return total;
  });
  const cycles = (count: number) => {
    for (let i = 0; i < count; i += 1) meter.cycle();
  };
  total = 510;
  cycles(4);
  expect([meter.perCycleMs(), readings]).toEqual([0, 1]);
  cycles(1);
  expect([meter.perCycleMs(), readings]).toEqual([2, 2]);
  cycles(5);
  expect(meter.perCycleMs()).toBe(1);
  cycles(15);
  expect([meter.perCycleMs(), readings]).toEqual([0, 6]);
});
