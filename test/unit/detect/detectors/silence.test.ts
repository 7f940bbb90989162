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
    expect(judgeSilence([host], NOW)[0]?.state ?? null).toBe(state);
  });

  test("the text says for how long", () => {
    const [found] = judgeSilence([seen(240)], NOW);
    expect(found?.flag.text).toBe("Nothing was heard of the host for 4 min; it reports every 10 s.");
  });
});
