import { expect, test } from "vitest";
import { type Comparable, type Sent, whatToSend } from "../../../../agent/namespaces/change-driven.ts";
import { EPOCH } from "../support/snapshots.ts";

const NAMES = ["TcpInSegs", "TcpExtListenDrops"];

function reading(
  seconds: number,
  values: readonly (number | bigint | null)[],
  more: Partial<Comparable> = {},
) {
  return { names: NAMES, values, uptimeMs: seconds * 1_000, epoch: EPOCH, ...more };
}

/** The seconds of uptime of what is sent, for readings in turn. */
function sentOf(readings: readonly Comparable[], everyMs = 10_000): number[] {
  let state: Sent<Comparable> | null = null;
  const sent: number[] = [];
  for (const one of readings) {
    const next: ReturnType<typeof whatToSend<Comparable>> = whatToSend(state, one, everyMs);
    sent.push(...next.send.map(({ uptimeMs }) => uptimeMs / 1_000));
    state = next.now;
  }
  return sent;
}

const still = (...seconds: number[]) => seconds.map((at) => reading(at, [7, 0]));

test.each<[string, readonly Comparable[], number[]]>([
  ["the first is sent", still(0), [0]],
  ["those that are as the one before are kept back", still(0, 10, 20, 30, 40, 50), [0]],
  ["one a minute is sent all the same", still(0, 10, 20, 30, 40, 50, 60, 70, 120), [0, 60, 120]],
  ["a minute is up when it is nearer than at the next", still(0, 10, 20, 30, 40, 50, 59.99, 70), [0, 59.99]],
  [
    "before one that differs goes the last that was kept back",
    [...still(0, 10, 20), reading(30, [8, 0])],
    [0, 20, 30],
  ],
  ["nothing goes before it when the last was sent", [...still(0), reading(10, [8, 0])], [0, 10]],
  [
    "one after another that differ are each sent, once",
    [...still(0, 10), reading(20, [8, 0]), reading(30, [9, 0]), reading(40, [9, 0]), reading(50, [9, 1])],
    [0, 10, 20, 30, 40, 50],
  ],
  [
    "after a change the minute begins anew",
    [...still(0), reading(50, [8, 0]), reading(60, [8, 0]), reading(100, [8, 0]), reading(110, [8, 0])],
    [0, 50, 110],
  ],
  ["a gauge that fell is a change", [...still(0), reading(10, [6, 0])], [0, 10]],
  ["absent is not 0", [...still(0), reading(10, [7, null])], [0, 10]],
  ["digits above 2^53 count", [reading(0, [2n ** 60n, 0]), reading(10, [2n ** 60n + 1n, 0])], [0, 10]],
  ["equal ones above 2^53 do not", [reading(0, [2n ** 60n, 0]), reading(10, [2n ** 60n, 0])], [0]],
  [
    "another name is a change",
    [...still(0), reading(10, [7, 0], { names: ["TcpInSegs", "TcpOutSegs"] })],
    [0, 10],
  ],
  [
    "a new epoch needs its own first snapshot",
    [...still(0, 10), reading(20, [7, 0], { epoch: { ...EPOCH, number: 1 } })],
    [0, 10, 20],
  ],
])("%s", (_case, readings, expected) => expect(sentOf(readings)).toEqual(expected));

test("whatever happens, the increases between what is sent add up to all there were", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let run = 0; run < 200; run += 1) {
    let value = 0;
    const readings = Array.from({ length: 60 }, (_one, i) => {
      if (random() < 0.15) value += 1 + Math.floor(random() * 9);
      return reading(i * 10, [value, 0]);
    });
    const sent = sentOf(readings);
    expect(sent).toEqual([...new Set(sent)].sort((a, b) => a - b));
    const at = new Map(readings.map((one) => [one.uptimeMs / 1_000, Number(one.values[0])]));
    for (let i = 1; i < sent.length; i += 1) {
      const [from, to] = [sent[i - 1] ?? 0, sent[i] ?? 0];
      expect(to - from).toBeLessThanOrEqual(60);
      // What moved did so in the last interval of ten seconds.
      if (at.get(from) !== at.get(to)) expect(to - from).toBe(10);
    }
  }
});
