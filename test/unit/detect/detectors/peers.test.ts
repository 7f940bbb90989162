import { expect, test } from "vitest";
import { judgePeers } from "../../../../src/detect/detectors/peers.ts";
import { SEASONAL_SERIES, type Series, STILL_SERIES } from "../../../../src/detect/series.ts";

const OPENS = SEASONAL_SERIES.find(({ name }) => name === "TcpPassiveOpens") as Series;
const OVERFLOWS = STILL_SERIES[0] as Series;

function judge(counts: readonly number[], series = OPENS, ratedMs = 60_000) {
  const peers = counts.map((count, hostId) => ({ hostId, count, ratedMs }));
  return judgePeers({ series, role: "web", from: 0, to: 60_000, peers });
}

/** Hosts with 950 to 1,050 connections a minute, the first `outliers` of them with ten times as many. */
const role = (size: number, outliers: number) =>
  Array.from({ length: size }, (_, host) => (950 + ((host * 37) % 100)) * (host < outliers ? 10 : 1));

test("one host of a role that has ten times as much", () => {
  const { hosts, fleet } = judge(role(20, 1));
  expect(hosts.map(({ hostId }) => hostId)).toEqual([0]);
  expect(hosts[0]?.flag.text).toBe(
    "9,500 PassiveOpens a minute, where the 19 other hosts of web have 1,001 in the middle.",
  );
  expect(fleet).toBeNull();
});

test("19 of 100 are hosts, 21 are one event of the role", () => {
  const few = judge(role(100, 19));
  expect([few.hosts.length, few.fleet]).toEqual([19, null]);
  const many = judge(role(100, 21));
  expect(many.hosts).toEqual([]);
  expect(many.fleet?.hostIds).toHaveLength(21);
  expect(many.fleet?.flag.text).toMatch(/^21 hosts of the 100 of web \(21 %\)/);
});

test("two of eight are over 20 %, and still hosts", () => {
  expect(judge(role(8, 2)).hosts).toHaveLength(2);
});

test.each([
  ["hosts that differ by chance", [3, 5, 4, 6, 2, 9, 4, 5], OPENS],
  ["one event among hosts that have none", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], OVERFLOWS],
  ["three events", [3, 0, 0, 0, 0, 0, 0, 0, 0, 0], OVERFLOWS],
  ["four hosts", [90_000, 10, 10, 10], OPENS],
  ["hosts that differ by half", [1500, 1000, 1010, 990, 1000, 1005], OPENS],
])("nothing stands out among %s", (_name, counts, series) => {
  expect(judge(counts, series)).toEqual({ hosts: [], fleet: null });
});

test("thirty overflows on one of ten hosts stand out", () => {
  expect(judge([30, 0, 0, 0, 0, 0, 0, 0, 0, 0], OVERFLOWS).hosts).toHaveLength(1);
});

test("a host that was there for ten seconds is judged by its rate", () => {
  const peers = Array.from({ length: 8 }, (_, hostId) => ({ hostId, count: 1000, ratedMs: 60_000 }));
  peers[0] = { hostId: 0, count: 1000, ratedMs: 5_000 };
  const { hosts } = judgePeers({ series: OPENS, role: "web", from: 0, to: 60_000, peers });
  expect(hosts.map(({ hostId }) => hostId)).toEqual([0]);
  peers[0] = { hostId: 0, count: 1000, ratedMs: 0 };
  expect(judgePeers({ series: OPENS, role: "web", from: 0, to: 60_000, peers }).hosts).toEqual([]);
});
