import { describe, expect, test } from "vitest";
import { floodsOf } from "../../../../src/detect/baseline/floods.ts";
import {
  type FloodCounts,
  floodSignature,
  judgeSynFlood,
} from "../../../../src/detect/detectors/syn-flood.ts";
import { minuteOf } from "../support/minutes.ts";

const QUIET: FloodCounts = {
  from: 0,
  to: 10_000,
  ratedMs: 10_000,
  queueFullCookies: 0,
  queueFullDrops: 0,
  cookiesSent: 0,
  cookiesReceived: 0,
  passiveOpens: 60,
  listenDrops: 0,
  synRetransmits: 0,
};
const FLOOD: FloodCounts = {
  ...QUIET,
  queueFullCookies: 3931,
  cookiesSent: 3931,
  cookiesReceived: 60,
  synRetransmits: 258,
};

describe("episodes measured on a real kernel", () => {
  test.each([
    ["a flood with cookies on", FLOOD, "cookies"],
    [
      "a flood with cookies off",
      { ...QUIET, queueFullDrops: 4049, listenDrops: 4049, passiveOpens: 0, synRetransmits: 100 },
      "drops",
    ],
    [
      "400 honest clients on a backlog of 16",
      { ...QUIET, queueFullCookies: 337, cookiesSent: 337, cookiesReceived: 668, passiveOpens: 75 },
      null,
    ],
    [
      "an application that is too slow",
      { ...QUIET, queueFullCookies: 59, cookiesSent: 59, cookiesReceived: 118, passiveOpens: 127 },
      null,
    ],
    ["nothing", QUIET, null],
  ])("%s", (_name, counts, kind) => {
    expect(floodSignature(counts)).toBe(kind);
  });
});

test("cookies for every SYN (tcp_syncookies=2) are no flood", () => {
  const counts = { queueFullCookies: 900, cookiesSent: 900, cookiesReceived: 899, passiveOpens: 899 };
  expect(floodSignature({ ...QUIET, ...counts })).toBeNull();
});

test("drops that are of the accept queue are no flood", () => {
  const counts = { queueFullDrops: 400, listenDrops: 1_500, passiveOpens: 3, synRetransmits: 9 };
  expect(floodSignature({ ...QUIET, ...counts })).toBeNull();
});

test("it takes more than one interval", () => {
  expect(judgeSynFlood(FLOOD)).toBeNull();
  expect(judgeSynFlood({ ...QUIET, ratedMs: 20_000 })).toBeNull();
  const flag = judgeSynFlood({ ...FLOOD, to: 20_000, ratedMs: 20_000 });
  expect(flag).toMatchObject({ series: "TcpExtTCPReqQFullDoCookies", from: 0, to: 20_000, observed: 3931 });
  expect(flag?.text).toBe(
    "3,931 SYNs found the SYN queue full in 20 s, 65.5 for each connection made; 1.5 % of the 3,931 SYN cookies sent came back.",
  );
});

test("where connections are not counted yet, none are told of", () => {
  expect(judgeSynFlood({ ...FLOOD, ratedMs: 20_000, passiveOpens: 0 })?.text).toBe(
    "3,931 SYNs found the SYN queue full in 20 s; 1.5 % of the 3,931 SYN cookies sent came back.",
  );
});

test("a kernel that lacks a counter of the rule is judged by the others", () => {
  const moved = {
    TcpExtTCPReqQFullDoCookies: 3931,
    TcpExtSyncookiesSent: 3931,
    TcpExtTCPSynRetrans: Number.NaN,
  };
  expect(floodsOf(minuteOf(0, moved), 60_000)).toMatchObject([{ position: 0, flag: { observed: 3931 } }]);
  expect(floodsOf(minuteOf(0, { TcpPassiveOpens: 60 }), 60_000)).toEqual([]);
  // What was counted since a boot is of another time.
  expect(floodsOf(minuteOf(0, moved, { disturbed: true }), 60_000)).toEqual([]);
});
