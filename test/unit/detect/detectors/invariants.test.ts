import { expect, test } from "vitest";
import { type InvariantInput, judgeInvariants } from "../../../../src/detect/detectors/invariants.ts";

const SOUND: InvariantInput = {
  from: 0,
  at: 10_000,
  receivedAt: 10_200,
  fell: [],
  listenOverflows: 10,
  listenDrops: 12,
  retransmits: 5,
  synRetransmits: 5,
  listenerShows: true,
};

test.each([
  ["a sound host", {}, []],
  ["sums that were read a moment apart", { listenDrops: 6, retransmits: 1 }, []],
  ["a counter that fell", { fell: ["TcpOutSegs"] }, ["counters_fell!"]],
  ["a clock five minutes ahead", { at: 400_000 }, ["future!"]],
  ["a clock that is a little ahead", { at: 200_000 }, []],
  ["an XDP program that answers SYNs", { listenDrops: 0 }, ["fewer_drops"]],
  ["an overflow of a listener in a foreign namespace", { listenerShows: false }, ["unseen_listener"]],
  ["listeners that cannot be seen at all", { listenerShows: null }, []],
  ["no overflow and no full listener", { listenerShows: false, listenOverflows: 0 }, []],
  ["more SYNs sent again than segments", { synRetransmits: 40 }, ["retransmits"]],
  ["counters that the kernel lacks", { listenOverflows: null, listenDrops: null, synRetransmits: null }, []],
])("%s", (_name, more, expected) => {
  const found = judgeInvariants({ ...SOUND, ...more });
  expect(found.map(({ kind, suppresses }) => `${kind}${suppresses ? "!" : ""}`)).toEqual(expected);
});

test("of many counters that fell, the first three are named", () => {
  const [problem] = judgeInvariants({ ...SOUND, fell: ["a", "b", "c", "d", "e"] });
  expect(problem?.flag.text).toMatch(/^a, b, c and 2 others fell/);
  expect(problem?.flag).toMatchObject({ detector: "invariant", series: "a", observed: 5 });
});
