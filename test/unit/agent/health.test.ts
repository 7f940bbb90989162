import { expect, test } from "vitest";
import { createHealth } from "../../../agent/health.ts";

function setUp() {
  const cpu = { user: 250_000, system: 50_000 };
  const health = createHealth({
    queue: {
      size: 3,
      ageMs: 20_000.4,
      droppedBy: new Map([
        ["spool_full", 2],
        ["CONFLICT", 1],
      ]),
    },
    setAside: {
      counts: new Map([
        ["TOO_OLD", 4],
        ["CONFLICT", 1],
      ]),
    },
    childCpuMs: () => 5.5,
    cpuUsage: () => cpu,
    rssBytes: () => 42_000_000,
  });
  return { cpu, health };
}

test("it says what waits, what was given up by reason, and what memory it has", () => {
  expect(setUp().health.report()).toEqual({
    cycleCpuMs: 0,
    childCpuMs: 5.5,
    rssBytes: 42_000_000,
    spoolDepth: 3,
    spoolAgeMs: 20_000,
    dropped: { spool_full: 2, CONFLICT: 2, TOO_OLD: 4 },
  });
});

test("what was given up, of all reasons together", () => {
  expect(setUp().health.givenUp()).toBe(8);
});

test("the CPU time is that of the newest whole cycle; of the first, as far as it has come", () => {
  const { cpu, health } = setUp();
  health.cycle();
  cpu.user += 30_000;
  expect(health.report().cycleCpuMs).toBe(30);
  cpu.system += 1_500;
  health.cycle();
  cpu.user += 2_000;
  expect(health.report().cycleCpuMs).toBe(31.5);
  health.cycle();
  expect(health.report().cycleCpuMs).toBe(2);
});

test("by default it asks the process", () => {
  const health = createHealth({
    queue: { size: 0, ageMs: 0, droppedBy: new Map() },
    setAside: { counts: new Map() },
  });
  health.cycle();
  expect(health.report()).toMatchObject({ childCpuMs: 0, dropped: {} });
  expect(health.report().rssBytes).toBeGreaterThan(10_000_000);
});
