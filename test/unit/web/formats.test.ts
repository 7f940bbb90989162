import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatRate,
  formatRates,
  formatShare,
  formatShareRange,
  plural,
  unitWord,
} from "../../../web/dashboard/format/numbers.ts";
import {
  formatAgo,
  formatRange,
  formatSpan,
  formatTime,
  parseSpan,
} from "../../../web/dashboard/format/times.ts";
import { causeWords, sentence, shortCounter } from "../../../web/dashboard/format/words.ts";

const AT = Date.UTC(2026, 10, 24, 12, 3, 9);

describe("numbers", () => {
  test.each([
    [0, "0"],
    [0.0421, "0.0421"],
    [12, "12"],
    [999.9, "1k"],
    [1_234, "1.23k"],
    [999_950, "1M"],
    [45_600_000, "45.6M"],
    [-1_500, "−1.5k"],
    [1e-7, "1.0e-7"],
    [Number.NaN, "–"],
    [null, "–"],
  ])("%d is %s", (value, text) => expect(formatNumber(value)).toBe(text));

  test("counts are exact whatever their size", () => {
    expect(formatCount("18446744073709551615")).toBe("18,446,744,073,709,551,615");
    expect([formatCount(999), formatCount(1_000), formatCount(null)]).toEqual(["999", "1,000", "–"]);
    expect([plural(1, "host"), plural(1_200, "host")]).toEqual(["1 host", "1,200 hosts"]);
  });

  test.each([
    [12, "12/s"],
    [0.5, "0.5/s"],
    [0, "0/s"],
    [0.02, "1.2/min"],
    [0.0005, "1.8/h"],
    [null, "–"],
  ])("%d per second is %s", (value, text) => expect(formatRate(value)).toBe(text));

  test("rates on one axis are in one unit", () => {
    expect(formatRates([0, 0.05, 0.1])).toEqual(["0/s", "0.05/s", "0.1/s"]);
    expect(formatRates([0, 0.001, 0.002])).toEqual(["0/min", "0.06/min", "0.12/min"]);
    expect(formatRates([])).toEqual([]);
  });

  test("what is counted is one thing or several", () => {
    expect([unitWord("packets/s", "1"), unitWord("queries", "1"), unitWord("packets/s", "0")]).toEqual([
      "packet",
      "query",
      "packets",
    ]);
  });

  test.each([
    [0, "0 %"],
    [0.042, "4.2 %"],
    [0.38, "38 %"],
    [0.996, "100 %"],
    [0.0003, "0.030 %"],
    [0.000001, "< 0.01 %"],
    [null, "–"],
  ])("the share %d is %s", (share, text) => expect(formatShare(share)).toBe(text));

  test("a share has its range beside it, where it has one", () => {
    expect(formatShareRange({ share: 0.042, low: 0.011, high: 0.09 })).toBe("4.2 % (1.1–9.0 %)");
    expect(formatShareRange({ share: 0, low: 0, high: 0 })).toBe("0 %");
    expect(formatShareRange({ share: null, low: null, high: null })).toBe("–");
  });

  test("bytes", () => {
    expect([formatBytes(0), formatBytes(1_536), formatBytes(5 * 1024 ** 3)]).toEqual([
      "0 B",
      "1.5 KiB",
      "5 GiB",
    ]);
  });
});

describe("times", () => {
  test.each([
    [450, "450 ms"],
    [12_000, "12s"],
    [310_000, "5m 10s"],
    [7_200_000, "2h"],
    [187_200_000, "2d 4h"],
  ])("%d ms is %s", (ms, text) => expect(formatSpan(ms)).toBe(text));

  test("how long ago, and how soon", () => {
    expect(formatAgo(AT - 190_000, AT)).toBe("3m ago");
    expect(formatAgo(AT + 7_200_000, AT)).toBe("in 2h");
    expect(formatAgo(AT - 500, AT)).toBe("just now");
  });

  test("moments and ranges say a day and a year once, where that is enough", () => {
    expect(formatTime(AT, "utc")).toBe("24 Nov 12:03");
    expect(formatTime(AT, "utc", { seconds: true })).toBe("24 Nov 12:03:09");
    expect(formatTime(AT, "utc", { now: Date.UTC(2027, 1, 1) })).toBe("24 Nov 2026 12:03");
    expect(formatRange(AT, AT + 3_600_000, "utc", AT)).toBe("24 Nov 12:03 – 13:03");
    expect(formatRange(AT, AT + 86_400_000, "utc", AT)).toBe("24 Nov 12:03 – 25 Nov 12:03");
    const later = Date.UTC(2027, 1, 1);
    expect(formatRange(AT, AT + 3_600_000, "utc", later)).toBe("24 Nov 2026 12:03 – 13:03");
    expect(formatRange(AT, later, "utc", later)).toBe("24 Nov 2026 12:03 – 1 Feb 00:00");
  });

  test("spans of the API", () => {
    expect(["500ms", "30s", "5m", "2h", "7d", "4w"].map(parseSpan)).toEqual([
      500, 30_000, 300_000, 7_200_000, 604_800_000, 2_419_200_000,
    ]);
    expect(["", "5", "m", "5 m", "-5m", "5y"].map(parseSpan)).toEqual([null, null, null, null, null, null]);
  });
});

test("words of the API are said as people say them", () => {
  expect(causeWords("APPLICATION_STALLED")).toBe("Application stalled");
  expect(sentence("CAUSE_CHANGED")).toBe("Cause changed");
  expect(["TcpExtListenOverflows", "TcpPassiveOpens", "IpExtInOctets", "Tcpless"].map(shortCounter)).toEqual([
    "ListenOverflows",
    "PassiveOpens",
    "InOctets",
    "Tcpless",
  ]);
});
