/** The benchmark of the service, tiny: that it still runs, measures, and leaves nothing behind. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { VICTORIA } from "../../bench/peers/servers.ts";
import type { Report } from "../../bench/support/figure.ts";
import { cleanEnvironment } from "../support/service.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("spillway-bench-service-"));
}

/** @returns what it wrote to stdout, and its exit code */
function bench(
  ...args: string[]
): Promise<{ readonly output: string; readonly errors: string; readonly code: number | null }> {
  const child = spawn(process.execPath, ["--import", "tsx", "bench/run.ts", ...args], {
    cwd: ROOT,
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ output, errors, code })));
}

test("npm run bench measures every part, and ends with all that it started", async () => {
  const before = leftovers();
  const { output, errors, code } = await bench("--tiny", "--json");
  expect([code, errors.replace(/^bench: \w+ \.\.\.\n/gm, "")]).toEqual([0, ""]);
  expect(leftovers()).toEqual(before);

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
  const { errors, code } = await bench("nonsense");
  expect(code).toBe(1);
  expect(errors).toContain("there is no part nonsense");
  expect(errors).toContain("ingest|store|fleet|lag|churn|prometheus");
});
