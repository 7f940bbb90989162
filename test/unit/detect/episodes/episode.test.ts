import { describe, expect, test } from "vitest";
import type { Cause, Severity } from "../../../../src/detect/diagnosis/cause.ts";
import { advanceEpisode, type Episode, isFlapping } from "../../../../src/detect/episodes/episode.ts";

const STEP_MS = 10_000;

/** A cause on a host, observation by observation: a number is its strength, null what is not known. */
function play(strengths: readonly (number | null)[], more: { cause?: Cause; severity?: Severity } = {}) {
  const { cause = "APPLICATION_SLOW", severity = "MAJOR" } = more;
  let episode: Episode | null = null;
  const changes: string[] = [];
  strengths.forEach((strength, index) => {
    const seen = {
      subject: "h",
      host: "h",
      role: null,
      cause,
      port: 80,
      at: (index + 1) * STEP_MS,
      strength,
      severity,
    };
    const step = advanceEpisode(episode, seen);
    episode = step.episode;
    if (step.change !== null) changes.push(`${step.change} ${index + 1}`);
  });
  return { episode: episode as Episode | null, changes };
}

const times = (count: number, strength: number | null) => Array.from({ length: count }, () => strength);
/** Five minutes and a step. */
const CALM = times(31, 0);

describe("entering", () => {
  test.each<[string, (number | null)[], object, string[]]>([
    ["a loss that is critical: two of three", [2, 2], { severity: "CRITICAL" }, ["opened 2"]],
    ["a critical one with a pause", [2, 0, 2], { severity: "CRITICAL" }, ["opened 3"]],
    ["two critical ones too far apart", [2, 0, 0, 2], { severity: "CRITICAL" }, []],
    ["another loss: three of six", [1, 0, 1, 0, 1], {}, ["opened 5"]],
    ["two of six", [1, 0, 0, 0, 0, 1], {}, []],
    ["what is below the threshold", times(30, 0.99), {}, []],
    ["a host that is silent: at once", [1], { cause: "HOST_SILENT" }, ["opened 1"]],
    ["what is only unusual: twice", [1, 1], { cause: "UNKNOWN" }, ["opened 2"]],
    ["once unusual", [1, 0, 0], { cause: "UNKNOWN" }, []],
  ])("%s", (_name, strengths, more, changes) => {
    expect(play(strengths, more).changes).toEqual(changes);
  });

  test("what was pending and did not come is forgotten", () => {
    expect(play([1, ...times(5, 0)]).episode?.phase).toBe("pending");
    expect(play([1, ...times(6, 0)]).episode).toBeNull();
  });
});

describe("leaving", () => {
  test("after five minutes of calm, and not before", () => {
    const open = times(3, 1);
    expect(play([...open, ...times(30, 0.4)])).toMatchObject({
      changes: ["opened 3"],
      episode: { phase: "resolving" },
    });
    expect(play([...open, ...CALM]).changes).toEqual(["opened 3", "resolved 34"]);
  });

  test("between half the threshold and all of it, it goes on", () => {
    expect(play([...times(3, 1), ...times(200, 0.5)]).changes).toEqual(["opened 3"]);
  });

  test("one that is over the threshold again begins the calm anew", () => {
    expect(play([...times(3, 1), ...times(29, 0), 1, ...times(29, 0)]).changes).toEqual(["opened 3"]);
  });

  test("what is not known is no calm", () => {
    expect(play([...times(3, 1), ...times(20, 0), null, ...times(20, 0)]).changes).toEqual(["opened 3"]);
    expect(play([...times(3, 1), ...times(900, null)]).episode?.phase).toBe("open");
  });

  test("a host that left ends it at once", () => {
    const { episode } = play(times(3, 1));
    const gone = {
      subject: "h",
      host: "h",
      role: null,
      cause: "APPLICATION_SLOW",
      port: 80,
      severity: "INFO",
    } as const;
    const step = advanceEpisode(episode, { ...gone, at: 40_000, strength: null, gone: true });
    expect(step).toMatchObject({ change: "resolved", episode: { phase: "closed" } });
    expect(advanceEpisode(null, { ...gone, at: 40_000, strength: 1, gone: true }).episode).toBeNull();
  });
});

describe("coming again", () => {
  const on = times(3, 1);

  test("within 30 min it is the same episode", () => {
    const found = play([...on, ...CALM, ...times(30, 0), ...on]);
    expect(found.changes).toEqual(["opened 3", "resolved 34", "reopened 67"]);
    expect(found.episode?.openedAt).toBe(30_000);
  });

  test("later it is another one", () => {
    const found = play([...on, ...CALM, ...times(182, 0), ...on]);
    expect(found.changes).toEqual(["opened 3", "resolved 34", "opened 219"]);
    expect(found.episode?.reopenedAt).toEqual([]);
  });

  test("each time it has to be calm for half as long again, and the third time it flaps", () => {
    const around = [...on, ...times(40, 0)];
    const found = play([...around, ...around, ...around, ...around]);
    // 5 min, then 7.5: the second round is not over before the third begins.
    expect(found.changes).toEqual(["opened 3", "resolved 34", "reopened 46"]);
    const long = [...on, ...times(110, 0)];
    const flaps = play([...long, ...long, ...long, ...on]);
    expect(flaps.changes.filter((change) => change.startsWith("reopened"))).toHaveLength(3);
    expect(isFlapping(flaps.episode as Episode, 4_000_000)).toBe(true);
    expect(isFlapping(flaps.episode as Episode, 40_000_000)).toBe(false);
  });
});

test("it is named anew once another cause of the family was seen three times running", () => {
  let episode: Episode | null = null;
  const causes: Cause[] = [];
  const seen: Cause[] = [
    "APPLICATION_SLOW",
    "APPLICATION_SLOW",
    "APPLICATION_STALLED",
    "APPLICATION_SLOW",
    "APPLICATION_STALLED",
    "APPLICATION_STALLED",
    "APPLICATION_STALLED",
  ];
  seen.forEach((cause, index) => {
    const at = (index + 1) * STEP_MS;
    episode = advanceEpisode(episode, {
      subject: "h",
      host: "h",
      role: null,
      cause,
      port: 80,
      at,
      strength: 3,
      severity: "CRITICAL",
    }).episode;
    causes.push((episode as Episode | null)?.cause ?? "UNKNOWN");
  });
  expect(causes.at(-2)).toBe("APPLICATION_SLOW");
  expect(causes.at(-1)).toBe("APPLICATION_STALLED");
});

test("it is as bad as it was at its worst, and says when it becomes worse", () => {
  let { episode } = play(times(3, 1), { severity: "MINOR" });
  const seen = {
    subject: "h",
    host: "h",
    role: null,
    cause: "APPLICATION_SLOW",
    port: 80,
    strength: 1,
  } as const;
  const worse = advanceEpisode(episode, { ...seen, at: 40_000, severity: "CRITICAL" });
  expect(worse).toMatchObject({ change: "worsened", episode: { severity: "CRITICAL" } });
  episode = advanceEpisode(worse.episode, { ...seen, at: 50_000, severity: "MINOR" }).episode;
  expect(episode?.severity).toBe("CRITICAL");
});
