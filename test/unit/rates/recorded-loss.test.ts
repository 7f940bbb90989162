/** The share of handshakes lost against what the clients of each recorded episode saw, by their own count. */
import { describe, expect, test } from "vitest";
import { lossBy } from "../../../src/detect/baseline/loss-at.ts";
import { EPISODES } from "../../support/episodes/catalog.ts";
import { readRecording } from "../../support/episodes/recording.ts";
import { replayEpisode } from "../../support/episodes/replay.ts";
import { increasesOver } from "../../support/episodes/signature.ts";

/** What clients lost in these was lost to no queue of the host: ports that refuse, a path, and outgoing connections. */
const LOST_ELSEWHERE: Readonly<Record<string, "refused" | "path" | "outgoing">> = {
  deploy: "refused",
  "service-down": "refused",
  "syn-loss": "path",
  "bulk-loss": "outgoing",
  "upstream-refused": "outgoing",
  "upstream-silent": "outgoing",
  "upstream-silent-impatient": "outgoing",
  "port-exhaustion": "outgoing",
};

const recorded = EPISODES.map(({ name }) => {
  const { attempted, lost } = readRecording(name).truth.clients;
  const increases = increasesOver(replayEpisode(name, { startAt: Date.UTC(2026, 0, 1) }));
  return {
    name,
    truth: attempted === 0 ? 0 : lost / attempted,
    loss: lossBy((counter) => increases.get(counter) ?? 0),
  };
});
const here = recorded.filter(({ name }) => !(name in LOST_ELSEWHERE));
const dropped = here.filter(({ truth }) => truth > 0);

describe("what the host's own queues dropped", () => {
  test.each(here)("$name: the truth is within the range", ({ truth, loss }) => {
    expect(loss?.low ?? 0).toBeLessThanOrEqual(truth);
    expect(loss?.high ?? 0).toBeGreaterThanOrEqual(truth);
  });

  test("nobody is told to have lost where nobody did", () => {
    const calm = here.filter(({ truth }) => truth === 0);
    expect(calm.length).toBeGreaterThanOrEqual(10);
    for (const { loss } of calm) expect(loss?.high ?? 0).toBe(0);
  });

  test("the estimate is off by 13 points on average, as docs/adr/0012 says", () => {
    expect(dropped).toHaveLength(10);
    const errors = dropped.map(({ truth, loss }) => Math.abs(truth - (loss?.share ?? 0)));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(mean).toBeCloseTo(0.13, 2);
  });
});

test.each(recorded.filter(({ name }) => name in LOST_ELSEWHERE))(
  "$name: what was lost elsewhere is not in it",
  ({ truth, loss }) => {
    expect(truth).toBeGreaterThan(0);
    expect(loss?.high ?? 0).toBe(0);
  },
);
