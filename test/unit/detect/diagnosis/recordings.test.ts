/** The table against episodes that the real agent saw on a real kernel. */
import { describe, expect, test } from "vitest";
import { judgeLeak } from "../../../../src/detect/detectors/leak.ts";
import { EPISODES } from "../../../support/episodes/catalog.ts";
import { QUIET } from "../../../support/episodes/episode.ts";
import { BY_FLAG, diagnosed, expectTruth } from "../../../support/episodes/first-cause.ts";
import { observed, windowBySnapshots, windowOfOneInterval } from "../../../support/episodes/observed.ts";
import { replayEpisode } from "../../../support/episodes/replay.ts";
import { diagnosisOf } from "../support/windows.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
/** What one interval cannot show: fewer connections than before, a port that stays closed, a queue that stays full. */
const NEEDS_SNAPSHOTS = ["port-exhaustion", "service-down", "stalled-beside-busy"];

const replayed = (name: string) => replayEpisode(name, { startAt: START });
const ofWindow = EPISODES.filter(({ truth }) => !BY_FLAG.includes(truth.cause ?? ""));

describe("the first cause, in snapshots as they were sent", () => {
  test.each(ofWindow)("$name", (episode) => {
    const sections = replayed(episode.name);
    expectTruth(diagnosed(sections), episode, sections);
  });
});

describe("the first cause, in one interval with the queue looked at each second", () => {
  test.each(ofWindow.filter(({ name }) => !NEEDS_SNAPSHOTS.includes(name)))("$name", (episode) => {
    const sections = replayed(episode.name);
    expectTruth(
      diagnosed(sections, (seen) => windowOfOneInterval(seen, QUIET.before)),
      episode,
      sections,
    );
  });
});

test("a slow application and a small backlog get opposite remedies", () => {
  const remediesOf = (name: string) => diagnosed(replayed(name))?.remedies.join(" ");
  expect(remediesOf("slow-accept")).toMatch(/larger backlog will not help/);
  expect(remediesOf("small-backlog")).toMatch(/backlog/);
  expect(remediesOf("small-backlog")).not.toMatch(/will not help/);
});

test("a listener that accepts nothing beside a busy one is named, and so is what tells it from a slow one", () => {
  const found = diagnosed(replayed("stalled-beside-busy"));
  expect(found?.summary).toMatch(/^The listener 0\.0\.0\.0:9090 \(node\) accepts nothing/);
  expect(found?.evidence.map(({ statement }) => statement).join(" ")).toMatch(
    /No place became free in its queue: the last \d+ samples all found it full\. The 6\d\d connections that were accepted are put down to the other listeners\./,
  );
  expect(found?.contributing).not.toContain("APPLICATION_SLOW");
  expect(diagnosed(replayed("slow-beside-busy"))?.summary).toMatch(/:9090 \(node\) accepts [\d.]+ conn/);
});

test("connection-leak, spread over hours, is flagged, and named by the flag", () => {
  const seen = observed(replayEpisode("connection-leak", { startAt: START, everyMs: HOUR_MS }));
  const at = seen.names.indexOf("TcpCurrEstab");
  const minima = seen.observations.map(({ snapshot }) => snapshot.values.numbers[at] ?? null);
  const quiet = Array.from({ length: 18 }, () => minima[0] ?? 0);
  const hours = [...quiet, ...minima].map((lowest) => ({ lowest, usual: 1, arrivals: null }));
  const flags = minima.flatMap((_, hour) => {
    const to = START + hour * HOUR_MS;
    return judgeLeak({ hours: hours.slice(0, quiet.length + hour + 1), to, dispersion: 0 }) ?? [];
  });
  expect(flags.length).toBeGreaterThan(0);
  expect(diagnosisOf(windowBySnapshots(seen), { flags })?.cause).toBe("CONNECTION_LEAK");
});
