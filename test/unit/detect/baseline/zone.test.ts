/** Baselines by the clocks of those whose days they are, over the days on which these are changed. */
import { describe, expect, test } from "vitest";
import { randomOf } from "../../../../src/demo/random.ts";
import { ShardBaselines } from "../../../../src/detect/baseline/shard-baselines.ts";
import type { Flag } from "../../../../src/detect/flag.ts";
import { DEFAULT_SETTINGS, type DetectionSettings } from "../../../../src/detect/settings.ts";
import { wallTimeAt } from "../../../../src/incidents/local-time.ts";
import { ZoneOffsets } from "../../../../src/jobs/detect/zone-offsets.ts";
import { MINUTE_MS, poisson } from "../support/load.ts";
import { minuteOf } from "../support/minutes.ts";

const ZONE = "Europe/Berlin";
const DAY_MS = 86_400_000;
const HOST = { labels: { role: "web" } };
const settingsOf = (zone: string): DetectionSettings => ({
  ...DEFAULT_SETTINGS,
  all: { ...DEFAULT_SETTINGS.all, zone },
});
const offsetsOf = (settings: DetectionSettings) => new ZoneOffsets(settings, ["role"], () => HOST);

/** Connections a minute of an office whose people come at 8 and leave at 18, by their clocks. */
function office(at: number, random: () => number): number {
  const wall = new Date(wallTimeAt(ZONE, at));
  const isOpen = wall.getUTCHours() >= 8 && wall.getUTCHours() < 18 && ![0, 6].includes(wall.getUTCDay());
  return poisson(random, isOpen ? 1_000 : 40);
}

/** The flags of the week after three that taught, in the middle of which the clocks are changed. */
function flagsOf(changedAt: number, zone: string): Flag[] {
  const random = randomOf(`${zone} ${changedAt}`);
  const baselines = new ShardBaselines();
  const offsets = offsetsOf(settingsOf(zone));
  const flags: Flag[] = [];
  for (let at = changedAt - 21 * DAY_MS; at < changedAt + 4 * DAY_MS; at += MINUTE_MS) {
    const counts = { TcpPassiveOpens: office(at, random) };
    const { flags: found } = baselines.evaluate(minuteOf(at, counts), offsets.at(at));
    if (at >= changedAt - 3 * DAY_MS) flags.push(...found.map(({ flag }) => flag));
  }
  return flags;
}

const CHANGES = [
  ["forward", Date.UTC(2026, 2, 29, 1)],
  ["back", Date.UTC(2026, 9, 25, 1)],
] as const;

describe.each(CHANGES)("when clocks are put %s", (_name, changedAt) => {
  test("people come at their hour, and nothing is unusual", () => {
    expect(flagsOf(changedAt, ZONE)).toEqual([]);
  });
  test("by the hours of UTC they come at another", () => {
    expect(flagsOf(changedAt, "UTC").length).toBeGreaterThan(0);
  });
});

describe("the clocks of a role", () => {
  const at = Date.UTC(2026, 6, 1);
  test("are those of all, where nothing is said of it", () => {
    expect(offsetsOf(settingsOf("Asia/Kolkata")).at(at)(0)).toBe(330);
    expect(offsetsOf(DEFAULT_SETTINGS).at(at)(0)).toBe(0);
  });
  test("are its own", () => {
    const roles = new Map([["web", { ...DEFAULT_SETTINGS.all, zone: "America/New_York" }]]);
    const settings = { ...settingsOf(ZONE), roles };
    expect(offsetsOf(settings).at(at)(0)).toBe(-240);
    expect(new ZoneOffsets(settings, ["role"], () => undefined).at(at)(0)).toBe(120);
  });
  test("are right to the quarter of an hour in which they are changed", () => {
    const offsets = offsetsOf(settingsOf(ZONE));
    expect([-1, 0].map((off) => offsets.at(CHANGES[0][1] + off)(0))).toEqual([60, 120]);
  });
});
