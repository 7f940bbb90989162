import { expect, test } from "vitest";
import { COUNTERS, PLACE } from "../../../../bench/detect/corpus/counters.ts";
import { SimulatedHost } from "../../../../bench/detect/corpus/host.ts";
import { fleetShapes, type Pool, stageOf } from "../../../../bench/detect/corpus/pool.ts";
import { SCENARIOS } from "../../../../bench/detect/corpus/scenarios/all.ts";
import { play } from "../../../../bench/detect/play.ts";
import { scorePlayed } from "../../../../bench/detect/scored.ts";
import { ShardBaselines } from "../../../../src/detect/baseline/shard-baselines.ts";

/** A fleet that has learned nothing: faults of the queue are found all the same. */
const poolNamed = (seed: string): Pool => ({
  seed,
  ...fleetShapes(seed),
  learnedTo: Date.UTC(2026, 10, 16),
  learned: () => new ShardBaselines(),
});
const POOL = poolNamed("test");

/** The seeds that are tuned on, and those that are reported on, with the fleet of each. */
const SEEDS = [
  ["tune", 1, 50],
  ["report", 1_000, 1_100],
] as const;

const scenario = (name: string) => {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no scenario "${name}"`);
  return found;
};

test("every scenario has a name of its own", () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});

test.each(SEEDS)(
  "every scenario can be set up with each seed of %s, its episodes within the run",
  (name, first, last) => {
    const pool = poolNamed(name);
    for (const one of SCENARIOS) {
      for (let seed = first; seed <= last; seed++) {
        const { hosts, episodes, from, to } = one.plot(stageOf(pool, one.name, seed));
        const ids = hosts.map(({ id }) => id);
        expect(ids.length).toBeGreaterThan(0);
        for (const episode of episodes) {
          expect(ids).toEqual(expect.arrayContaining([...episode.hosts]));
          expect(episode.from).toBeGreaterThan(from);
          expect(episode.to).toBeGreaterThan(episode.from);
          expect(episode.to).toBeLessThan(to);
        }
      }
    }
  },
);

test("a run is decided by its seed", async () => {
  const stall = scenario("the application stalls");
  const [one, again, other] = [
    await play(POOL, stall, 7),
    await play(POOL, stall, 7),
    await play(POOL, stall, 8),
  ];
  expect(again).toEqual(one);
  expect(other.episodes).not.toEqual(one.episodes);
});

test.each([
  ["the application stalls", "APPLICATION_STALLED"],
  ["the application accepts too slowly", "APPLICATION_SLOW"],
  ["a host falls silent", "HOST_SILENT"],
  ["a counter falls", "DATA_PROBLEM"],
])("%s: found, and called %s", async (name, cause) => {
  const { counts, named } = scorePlayed(await play(POOL, scenario(name), 3));
  expect(counts).toMatchObject({ found: 1, missed: 0 });
  expect(named).toMatchObject([{ named: cause, right: true }]);
});

test("counters of a host never fall, drops are no fewer than overflows, and snapshots come in time", () => {
  const host = new SimulatedHost(
    0,
    POOL.shapes[0] as (typeof POOL.shapes)[number],
    "counters",
    POOL.learnedTo,
  );
  let before = host.next()[0];
  for (let interval = 0; interval < 500; interval++) {
    const next = host.next()[0];
    if (before === undefined || next === undefined) throw new Error("a calm host loses no snapshot");
    const [old, now] = [before.snapshot.values.numbers, next.snapshot.values.numbers];
    for (const counter of COUNTERS)
      expect(now[PLACE[counter]]).toBeGreaterThanOrEqual(old[PLACE[counter]] as number);
    const grown = (place: number) => (now[place] as number) - (old[place] as number);
    expect(grown(PLACE.TcpExtListenDrops)).toBeGreaterThanOrEqual(grown(PLACE.TcpExtListenOverflows));
    expect(grown(PLACE.TcpRetransSegs)).toBeGreaterThanOrEqual(grown(PLACE.TcpExtTCPSynRetrans));
    expect(Math.abs(next.snapshot.at - before.snapshot.at - 10_000)).toBeLessThanOrEqual(600);
    before = next;
  }
});
