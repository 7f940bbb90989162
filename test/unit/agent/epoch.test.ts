import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openTimekeeper } from "../../../agent/epoch.ts";
import type { HostFacts } from "../../../agent/host-facts.ts";
import { createSeldomLog } from "../../../agent/log.ts";
import { recordingLog } from "./support/log.ts";
import { BOOT, temporaryFolder } from "./support/procfs.ts";

const NOW = 1_795_000_000_000;
const facts: HostFacts = { boot: BOOT, kernel: "6.18.44", arch: "x86_64", wordSize: 64 };
const nextBoot = { ...facts, boot: "11111111-8b6d-4fa4-8c0f-f1b39d566f66" };

function start(
  folder: string,
  uptimeMs: number,
  options: { clock?: number; isNew?: boolean; facts?: HostFacts; initStartMs?: number } = {},
) {
  const log = recordingLog();
  const timekeeper = openTimekeeper({
    folder,
    identityIsNew: options.isNew ?? false,
    facts: options.facts ?? facts,
    uptimeMs,
    initStartMs: options.initStartMs ?? null,
    wallClock: () => options.clock ?? NOW,
    random: () => 0.5,
    log,
    seldom: createSeldomLog(60_000, () => 0),
  });
  return { ...timekeeper, log };
}

test("a new agent begins epoch 0 of its boot by its own clock", () => {
  const { stamp } = start(temporaryFolder(onTestFinished), 50_000, { isNew: true });
  expect(stamp(60_000)).toEqual({ at: NOW + 10_000, epoch: { ...facts, number: 0 } });
});

test("a restart within the boot goes on in the same epoch and on the same line, whatever the host's clock says", () => {
  const folder = temporaryFolder(onTestFinished);
  start(folder, 50_000, { isNew: true });
  const { stamp } = start(folder, 90_000, { clock: NOW - 86_400_000 });
  expect(stamp(100_000)).toEqual({ at: NOW + 50_000, epoch: { ...facts, number: 0 } });
});

test("what the service taught outlives a restart, even after a kill", () => {
  const folder = temporaryFolder(onTestFinished);
  const first = start(folder, 50_000, { isNew: true });
  first.learn(NOW + 30_000, 59_990, 60_010);
  expect(first.stamp(60_000).at).toBe(NOW + 30_000);
  expect(start(folder, 90_000).stamp(100_000).at).toBe(NOW + 70_000);
});

test("a slowing goes on across a restart", () => {
  const folder = temporaryFolder(onTestFinished);
  const first = start(folder, 50_000, { isNew: true });
  first.learn(NOW - 10_000, 60_000, 60_000);
  expect(first.stamp(64_000).at).toBe(NOW + 12_000);
  const second = start(folder, 65_000);
  expect(second.stamp(68_000).at).toBe(NOW + 14_000);
  expect(second.stamp(200_000).at).toBe(NOW - 20_000 + 150_000);
});

test("a service that is far behind begins epoch 1, which a restart goes on in", () => {
  const folder = temporaryFolder(onTestFinished);
  const first = start(folder, 50_000, { isNew: true });
  first.learn(NOW - 3_600_000, 50_000, 50_000);
  expect(first.stamp(60_000)).toEqual({ at: NOW - 3_590_000, epoch: { ...facts, number: 1 } });
  expect(first.log.lines).toEqual([
    "info time of the service is -3600 s from mine: epoch 1 of this boot begins",
  ]);
  expect(start(folder, 70_000).stamp(70_000).epoch.number).toBe(1);
});

test("a service whose clock was set back far is followed from the next snapshot on, whatever was measured before", () => {
  const folder = temporaryFolder(onTestFinished);
  const { stamp, learn } = start(folder, 50_000, { isNew: true });
  for (let uptimeMs = 51_000; uptimeMs < 61_000; uptimeMs += 1_000) {
    learn(NOW + uptimeMs - 50_000, uptimeMs, uptimeMs);
  }
  const setBack = NOW - 600_000;
  learn(setBack + 12_000, 62_000, 62_000, false);
  expect(stamp(62_000)).toEqual({ at: NOW + 12_000, epoch: { ...facts, number: 0 } });
  learn(setBack + 13_000, 63_000, 63_000, true);
  expect(stamp(64_000)).toEqual({ at: setBack + 14_000, epoch: { ...facts, number: 1 } });
  // What was measured before is forgotten: it moves nothing back.
  learn(setBack + 15_000, 65_000, 65_000, false);
  expect(stamp(66_000)).toEqual({ at: setBack + 16_000, epoch: { ...facts, number: 1 } });
});

test("another boot begins again at epoch 0", () => {
  const folder = temporaryFolder(onTestFinished);
  start(folder, 50_000, { isNew: true }).learn(NOW - 3_600_000, 50_000, 50_000);
  const { stamp } = start(folder, 9_000, { facts: nextBoot, clock: NOW + 1_000 });
  expect(stamp(10_000)).toEqual({ at: NOW + 2_000, epoch: { ...nextBoot, number: 0 } });
});

test.each([
  ["lost", (path: string) => rmSync(path)],
  ["damaged", (path: string) => writeFileSync(path, '{"boot":')],
  ["without its anchor", (path: string) => writeFileSync(path, `{"boot":"${BOOT}","number":0}`)],
])("epoch 0 is never used twice: with the file %s, the epoch is numbered by chance", (_case, spoil) => {
  const folder = temporaryFolder(onTestFinished);
  start(folder, 50_000, { isNew: true });
  spoil(join(folder, "epoch.json"));
  expect(start(folder, 90_000).stamp(90_000).epoch.number).toBe(450_001);
});

test("epoch 0 is not used when it cannot be saved that it is", () => {
  const { stamp, log } = start("/nonexistent", 90_500, { isNew: true });
  expect(stamp(90_500)).toMatchObject({ at: NOW, epoch: { number: 450_001 } });
  expect(log.lines[0]).toContain("warn cannot save epoch.json in /nonexistent");
});

test.each([
  ["forward", 60_000],
  ["back by little, at once and not at half speed", -60_000],
  ["back by much", -3_600_000],
])(
  "a move %s that cannot be saved is made in an epoch of its own, for a restart goes on in the old one",
  (_case, byMs) => {
    const folder = temporaryFolder(onTestFinished);
    const { stamp, learn, log } = start(folder, 50_000, { isNew: true });
    const saved = readFileSync(join(folder, "epoch.json"));
    rmSync(folder, { recursive: true });
    learn(NOW + byMs, 50_000, 50_000);
    expect(stamp(50_000)).toEqual({ at: NOW + byMs, epoch: { ...facts, number: 450_001 } });
    learn(NOW + byMs + 10_000, 60_000, 60_000);
    const lines = log.lines.filter((line) => line.includes("cannot save epoch.json"));
    expect(lines).toHaveLength(1);

    mkdirSync(folder);
    writeFileSync(join(folder, "epoch.json"), saved);
    expect(start(folder, 70_000).stamp(70_000)).toEqual({ at: NOW + 20_000, epoch: { ...facts, number: 0 } });
  },
);

test("what could not be saved is saved once it can be, and a restart goes on in it", () => {
  const folder = temporaryFolder(onTestFinished);
  const { learn } = start(folder, 50_000, { isNew: true });
  rmSync(folder, { recursive: true });
  learn(NOW + 60_000, 50_000, 50_000);
  mkdirSync(folder);
  learn(NOW + 70_000, 60_000, 60_000);
  expect(start(folder, 70_000).stamp(70_000)).toEqual({
    at: NOW + 80_000,
    epoch: { ...facts, number: 450_001 },
  });
});

test("an uptime behind the saved one, as a restored machine has it, is another epoch", () => {
  const folder = temporaryFolder(onTestFinished);
  start(folder, 50_000, { isNew: true });
  expect(start(folder, 40_000).stamp(40_000).epoch.number).toBe(1);
});

test("another start of process 1, in a container whose uptime is its own, is another epoch", () => {
  const folder = temporaryFolder(onTestFinished);
  start(folder, 50_000, { isNew: true, initStartMs: 7_000_000 });
  expect(start(folder, 60_000, { initStartMs: 7_000_000 }).stamp(60_000).epoch.number).toBe(0);
  const again = start(folder, 70_000, { initStartMs: 9_000_000, clock: NOW + 864_000_000 });
  expect(again.stamp(80_000)).toEqual({ at: NOW + 864_010_000, epoch: { ...facts, number: 1 } });
  expect(start(folder, 90_000, { initStartMs: 9_000_000 }).stamp(90_000).epoch.number).toBe(1);
});

test("where the start of process 1 was not saved or cannot be seen, the epoch goes on", () => {
  const folder = temporaryFolder(onTestFinished);
  start(folder, 50_000, { isNew: true });
  expect(start(folder, 60_000, { initStartMs: 10 }).stamp(60_000).epoch.number).toBe(0);
  expect(start(folder, 70_000).stamp(70_000).epoch.number).toBe(0);
  // The second of these agents saved it.
  expect(start(folder, 80_000, { initStartMs: 20 }).stamp(80_000).epoch.number).toBe(1);
});

test("an answer that agrees writes nothing", () => {
  const folder = temporaryFolder(onTestFinished);
  const { learn } = start(folder, 50_000, { isNew: true });
  rmSync(join(folder, "epoch.json"));
  learn(NOW + 1_000, 50_000, 50_000);
  expect(() => readFileSync(join(folder, "epoch.json"))).toThrow("ENOENT");
});
