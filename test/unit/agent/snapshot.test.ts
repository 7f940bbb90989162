import { expect, test } from "vitest";
import { createSnapshotBuilder, type Reading } from "../../../agent/snapshot.ts";
import { COUNTER_MAX } from "../../../src/protocol/count.ts";
import { layoutHash } from "../../../src/protocol/layout.ts";
import { LIMITS } from "../../../src/protocol/limits.ts";
import { EPOCH } from "./support/snapshots.ts";

function reading(names: readonly string[], values: Reading["values"]): Reading {
  return { names, values, at: 1_795_000_000_000, uptimeMs: 941_570, everyMs: 10_000, epoch: EPOCH };
}

test("a snapshot carries values under the hash of their names", () => {
  const names = ["TcpActiveOpens", "TcpMaxConn"];
  const { json, layout, epoch, at } = createSnapshotBuilder()(reading(names, [5, null]));
  expect(JSON.parse(json)).toEqual({
    at: 1_795_000_000_000,
    uptimeMs: 941_570,
    everyMs: 10_000,
    layout: layoutHash(names),
    values: [5, null],
  });
  expect(layout).toEqual({ hash: layoutHash(names), names });
  expect([epoch, at]).toEqual([EPOCH, 1_795_000_000_000]);
});

test.each([
  ["0 is a number, and not absent", 0, 0],
  ["absent is null, and not 0", null, null],
  ["2^53-1 is a number still", 2 ** 53 - 1, 9_007_199_254_740_991],
  ["2^53 is a string", 2n ** 53n, "9007199254740992"],
  ["2^64-1 keeps its digits as a string", COUNTER_MAX, "18446744073709551615"],
])("%s", (_case, value, wire) => {
  const { json } = createSnapshotBuilder()(reading(["TcpInSegs"], [value]));
  expect(JSON.parse(json).values).toEqual([wire]);
});

test("the layout is the same object while the names are the same, and another when one is new", () => {
  const build = createSnapshotBuilder();
  const first = build(reading(["A", "B"], [1, 2])).layout;
  expect(build(reading(["A", "B"], [3, 4])).layout).toBe(first);
  expect(build(reading(["A", "B", "C"], [3, 4, 5])).layout.names).toEqual(["A", "B", "C"]);
});

test.each([
  ["a name that the wire cannot carry", ["TcpA", "Tcp?", "TcpB"], ["TcpA", "TcpB"], [0, 2]],
  ["a name over 100 characters", ["TcpA", `Tcp${"x".repeat(98)}`], ["TcpA"], [0]],
  ["the second of a repeated name", ["TcpA", "TcpB", "TcpA"], ["TcpA", "TcpB"], [0, 1]],
])("%s is left out with its value, and costs no other", (_case, names, kept, values) => {
  const snapshot = createSnapshotBuilder()(reading(names, [0, 1, 2].slice(0, names.length)));
  expect(snapshot.layout.names).toEqual(kept);
  expect(JSON.parse(snapshot.json).values).toEqual(values);
});

test("counters beyond the largest layout are left out", () => {
  const names = Array.from({ length: LIMITS.countersPerLayout + 5 }, (_one, i) => `Tcp${i}`);
  const snapshot = createSnapshotBuilder()(
    reading(
      names,
      names.map((_name, i) => i),
    ),
  );
  expect(snapshot.layout.names).toHaveLength(LIMITS.countersPerLayout);
  expect(JSON.parse(snapshot.json).values).toHaveLength(LIMITS.countersPerLayout);
});
