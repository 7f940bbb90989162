/** The benchmark of the service, tiny: that it still runs, measures, and leaves nothing behind. */
import { expect, test } from "vitest";
import { VICTORIA } from "../../bench/peers/servers.ts";
import type { Report } from "../../bench/support/figure.ts";
import { benchFolders, runBench } from "../support/bench.ts";

const PROGRAM = "bench/run.ts";

test("npm run bench measures every part, and ends with all that it started", async () => {
  const before = benchFolders("service");
  const { output, errors, code } = await runBench(PROGRAM, "--tiny", "--json");
  expect([code, errors.replace(/^bench: \w+ \.\.\.\n/gm, "")]).toEqual([0, ""]);
  expect(benchFolders("service")).toEqual(before);

  const report = JSON.parse(output) as Report;
  expect([...new Set(report.figures.map(({ part }) => part))]).toEqual([
    "ingest",
    "disk",
    "queries",
    "large fleet",
    "lag",
    "churn",
    "prometheus",
  ]);
  for (const { name, ours } of report.figures) {
    expect(ours, name).toBeGreaterThanOrEqual(0);
    expect(ours, name).toBeLessThan(Number.POSITIVE_INFINITY);
  }
  const withPeer = report.figures.filter(({ peer }) => peer !== null).length;
  // Remote write is measured beside a push; all others but rolling up and the lag have a peer, where it is installed.
  expect(withPeer).toBe(VICTORIA === null ? 3 : report.figures.length - 2);
}, 600_000);

test("a part that is not there is refused with the list of those that are", async () => {
  const { errors, code } = await runBench(PROGRAM, "nonsense");
  expect(code).toBe(1);
  expect(errors).toContain("there is no part nonsense");
  expect(errors).toContain("ingest|store|fleet|lag|churn|prometheus");
});
