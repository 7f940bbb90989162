import { expect, test } from "vitest";
import { createChildCpu, endedChildrenCpuMs } from "../../../../agent/listeners/child-cpu.ts";

test("read past a name with spaces and parentheses", () => {
  const stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 200 0 0 11 12 13 14 20 0 11 0 500\n";
  expect(endedChildrenCpuMs(() => stat)).toBe(270);
  expect(endedChildrenCpuMs()).toBeGreaterThanOrEqual(0);
});

test("0 when it cannot be read", () => {
  const unreadable = () => {
    throw new Error("no /proc");
  };
  expect(endedChildrenCpuMs(unreadable)).toBe(0);
  expect(endedChildrenCpuMs(() => "no stat")).toBe(0);
});

test("a cycle costs a mean of the newest twenty: the kernel counts in steps of 10 ms", () => {
  let total = 500;
  const meter = createChildCpu(() => total);
  expect(meter.perCycleMs()).toBe(0);
  total = 510;
  meter.cycle();
  expect(meter.perCycleMs()).toBe(10);
  for (let i = 0; i < 4; i += 1) meter.cycle();
  expect(meter.perCycleMs()).toBe(2);
  for (let i = 0; i < 20; i += 1) meter.cycle();
  expect(meter.perCycleMs()).toBe(0);
});
