import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { familyCpuMs, processCpuMs } from "../../../bench/support/cpu.ts";
import { type Figure, line, ratioOf } from "../../../bench/support/figure.ts";

const BURN = "const end = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < end);";

test("CPU of a family holds children that run and children that have ended", async () => {
  // A child burns 100 ms and ends, another burns as much and stays; the parent itself does next to nothing.
  const script = `
    const { spawn, spawnSync } = require("node:child_process");
    spawnSync(process.execPath, ["-e", ${JSON.stringify(BURN)}]);
    const stays = spawn(process.execPath, ["-e", ${JSON.stringify(`${BURN} console.log("burnt"); setInterval(() => {}, 1e6);`)}]);
    stays.stdout.on("data", (text) => process.stdout.write(text));
    process.on("SIGTERM", () => { stays.kill(); process.exit(); });`;
  const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    const pid = parent.pid ?? -1;
    expect(familyCpuMs(pid) - processCpuMs(pid)).toBeGreaterThan(180);
  } finally {
    parent.kill("SIGTERM");
    await new Promise((resolve) => parent.once("exit", resolve));
  }
  expect(() => processCpuMs(parent.pid ?? -1)).toThrow("is gone");
});

test("a figure says how many times better or worse it is", () => {
  const figure: Figure = {
    part: "ingest",
    name: "one host a request",
    unit: "samples/CPU s",
    ours: 1_200_000,
    peer: { name: "VictoriaMetrics", value: 400_000 },
    better: "higher",
    details: { "p50 ms": 12.345 },
  };
  expect(line(figure)).toBe(
    "ingest: one host a request: 1,200,000 samples/CPU s; VictoriaMetrics 400,000; 3x better (p50 ms 12.3)",
  );
  const dearer: Figure = { ...figure, better: "lower", details: {} };
  expect(ratioOf(dearer)).toBeCloseTo(1 / 3);
  expect(line(dearer)).toContain("3x worse");
  expect(line({ ...dearer, peer: null })).toBe("ingest: one host a request: 1,200,000 samples/CPU s");
});
