/** The bench of load, tiny: that every shape still runs, tells what it has to, and leaves nothing behind. */
import { expect, test } from "vitest";
import type { Report } from "../../bench/load/report.ts";
import { benchFolders, runBench } from "../support/bench.ts";

const PROGRAM = "bench/load/run.ts";

test("npm run bench:load runs every shape, and ends with all that it started", async () => {
  const before = benchFolders("load");
  const { output, errors, code } = await runBench(PROGRAM, "--tiny", "--json");
  expect([code, errors.replace(/^bench: .* \.\.\.\n/gm, "")]).toEqual([0, ""]);
  expect(benchFolders("load")).toEqual(before);

  const { rows } = JSON.parse(output) as Report;
  expect([...new Set(rows.map(({ shape }) => shape))]).toEqual([
    "steady",
    "ramp",
    "herd",
    "dashboards",
    "subscriptions",
    "hot",
  ]);
  for (const { name, label, measured } of rows) {
    const { ran, cpuS, peakMb, listener } = measured;
    const sent = ran.sent[label];
    expect([name, (sent?.requests ?? 0) > 0, sent?.unanswered]).toEqual([name, true, 0]);
    expect(sent?.samples).toBe((sent?.snapshots ?? 0) * 150);
    expect(cpuS.service + cpuS.worker + cpuS.Postgres).toBeGreaterThan(0);
    expect(peakMb.service).toBeGreaterThan(50);
    expect(listener.overflows).toBeGreaterThanOrEqual(0);
  }
  const of = (shape: string) => rows.filter((row) => row.shape === shape);
  expect(of("herd")[0]?.measured.ran.sent.backlog).toMatchObject({ requests: 30, snapshots: 150 });
  expect(of("dashboards")[0]?.measured.ran.sent.answers?.requests).toBeGreaterThan(0);
  expect(of("subscriptions")[0]?.notes[0]).toMatch(/^\d+ messages .* 0 subscriptions lost$/);
  expect(of("hot").map(({ label }) => label)).toEqual(["hot", "cold"]);
}, 900_000);

test("help is help, and a shape that is not there is refused with the list of those that are", async () => {
  const help = await runBench(PROGRAM, "--help");
  expect([help.code, help.output]).toEqual([0, expect.stringContaining("npm run bench:load -- [options]")]);
  const { errors, code } = await runBench(PROGRAM, "nonsense");
  expect(code).toBe(1);
  expect(errors).toContain("there is no shape nonsense");
  expect(errors).toContain("steady|ramp|herd|dashboards|subscriptions|hot");
});
