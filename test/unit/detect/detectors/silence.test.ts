import { describe, expect, test } from "vitest";
import { type HostPresence, judgeSilence } from "../../../../src/detect/detectors/silence.ts";

const NOW = 1_000_000_000;
const seen = (secondsAgo: number, more: Partial<HostPresence> = {}): HostPresence => ({
  hostId: 1,
  lastSeen: NOW - secondsAgo * 1000,
  everyMs: 10_000,
  goodbye: null,
  ...more,
});
const said = (kind: "leaving" | "restarting", secondsAgo: number) => ({ kind, at: NOW - secondsAgo * 1000 });

describe("one host", () => {
  test.each([
    ["reports", seen(9), null],
    ["has missed two intervals", seen(29), null],
    ["has missed three", seen(31), "late"],
    ["is silent for 91 s", seen(91), "silent"],
    ["reports each 5 min, and is due", seen(290, { everyMs: 300_000 }), null],
    ["reports each 5 min, and has missed three", seen(1_000, { everyMs: 300_000 }), "silent"],
    [
      "reports irregularly, and is within what is usual",
      seen(200, { gapMeanMs: 30_000, gapSdMs: 30_000 }),
      null,
    ],
    ["left for good", seen(90_000, { goodbye: said("leaving", 90_000) }), null],
    ["comes and goes by design", seen(90_000, { ephemeral: true }), null],
    ["said 9 min ago that it restarts", seen(540, { goodbye: said("restarting", 540) }), null],
    ["said 11 min ago that it restarts", seen(660, { goodbye: said("restarting", 660) }), "silent"],
    ["sends the same numbers for 6 min", seen(3, { stillSince: NOW - 363_000 }), "frozen"],
    ["had no network for 5 min", seen(3, { stillSince: NOW - 303_000 }), null],
  ])("that %s", (_name, host, state) => {
    const { hosts, ingestDown } = judgeSilence([host], NOW);
    expect(hosts[0]?.state ?? null).toBe(state);
    expect(ingestDown).toBeNull();
  });

  test("the text says for how long", () => {
    const [found] = judgeSilence([seen(240)], NOW).hosts;
    expect(found?.flag.text).toBe("Nothing was heard of the host for 4 min; it reports every 10 s.");
  });
});

describe("many hosts", () => {
  const fleet = (size: number, silent: number, spreadMs: number) =>
    Array.from({ length: size }, (_, index) =>
      index < silent ? seen(100 + (index * spreadMs) / 1000, { hostId: index }) : seen(5, { hostId: index }),
    );

  test.each([
    ["21 of 100 at once", fleet(100, 21, 1_000), true],
    ["19 of 100 at once", fleet(100, 19, 1_000), false],
    ["21 of 100, one a minute", fleet(100, 21, 60_000), false],
    ["4 of 4", fleet(4, 4, 1_000), false],
    ["5 of 5", fleet(5, 5, 1_000), true],
  ])("%s", (_name, hosts, down) => {
    const report = judgeSilence(hosts, NOW);
    expect(report.ingestDown !== null).toBe(down);
    if (down)
      expect(report.ingestDown?.text).toMatch(/fell silent within a minute: look at Spillway's own ingest/);
  });

  test("a scale-in of half the fleet is none of our business", () => {
    const goodbye = said("leaving", 100);
    const hosts = fleet(100, 50, 100).map((host, index) => (index < 50 ? { ...host, goodbye } : host));
    expect(judgeSilence(hosts, NOW)).toEqual({ hosts: [], ingestDown: null });
  });
});
