import { describe, expect, test } from "vitest";
import { randomOf } from "../../../../src/demo/random.ts";
import { inheritBaselines } from "../../../../src/detect/baseline/inherit.ts";
import { ShardBaselines } from "../../../../src/detect/baseline/shard-baselines.ts";
import type { Flag } from "../../../../src/detect/flag.ts";
import { SEASONAL_SERIES, type Series } from "../../../../src/detect/series.ts";
import { type LoadShape, loadOf, MINUTE_MS, MONDAY } from "../support/load.ts";
import { minuteOf } from "../support/minutes.ts";

const DAY = 1_440;
const OPENS = SEASONAL_SERIES.find(({ name }) => name === "TcpPassiveOpens") as Series;
type Counts = Readonly<Record<string, number>>;

/** A host minute by minute, with what the detectors said of it. */
class Host {
  readonly baselines = new ShardBaselines();
  at = MONDAY;
  flags: Flag[] = [];
  normals: string[] = [];

  minute(counts: Counts, more: Parameters<typeof minuteOf>[2] = {}): Flag[] {
    const report = this.baselines.evaluate(minuteOf(this.at, counts, more));
    this.at += MINUTE_MS;
    this.normals.push(...report.newNormals.map(({ series }) => series));
    const flags = report.flags.map(({ flag }) => flag);
    this.flags.push(...flags);
    return flags;
  }

  run(minutes: number, counts: (at: number) => Counts): void {
    for (let minute = 0; minute < minutes; minute++) this.minute(counts(this.at));
  }
}

const found = (flags: readonly Flag[]) => flags.map(({ detector, series }) => `${detector} ${series}`);

/** A host with two weeks of a web server's load behind it. */
function grown(seed: string, shape: Partial<LoadShape> = {}) {
  const host = new Host();
  const load = loadOf(seed, { perMinute: 1_000, ...shape });
  const counts = (at: number) => ({ TcpPassiveOpens: load(at) });
  host.run(14 * DAY, counts);
  host.flags = [];
  return { host, counts, load };
}

describe("nothing is said of", () => {
  test("30 days of zeros", () => {
    const host = new Host();
    host.run(30 * DAY, () => ({}));
    expect(host.flags).toEqual([]);
  });

  test("one to three overflows a few times a day, for 30 days", () => {
    const host = new Host();
    const random = randomOf("blips");
    host.run(30 * DAY, () => {
      const blip = random() < 3 / DAY ? 1 + Math.floor(random() * 3) : 0;
      return { TcpPassiveOpens: 500, TcpExtListenOverflows: blip, TcpExtListenDrops: blip };
    });
    expect(found(host.flags)).toEqual([]);
  });

  test.each([["web-1"], ["web-2"], ["web-3"]])("a day and a week of load, four weeks long (%s)", (seed) => {
    const host = new Host();
    const load = loadOf(seed, { perMinute: 2_000, amplitude: 0.8 });
    host.run(28 * DAY, (at) => {
      const opens = load(at);
      return {
        TcpPassiveOpens: opens,
        TcpInSegs: opens * 9,
        TcpOutSegs: opens * 8,
        TcpRetransSegs: opens / 200,
      };
    });
    expect(found(host.flags).filter((flag) => flag.startsWith("seasonal"))).toEqual([]);
  });

  test("a deploy: the two minutes after it are not judged", () => {
    const { host, counts } = grown("deploy");
    expect(host.minute({ TcpPassiveOpens: 0 }, { disturbed: true })).toEqual([]);
    expect(host.minute({ TcpPassiveOpens: 9_000 })).toEqual([]);
    host.run(60, counts);
    expect(found(host.flags)).toEqual([]);
  });

  test("the minutes after a gap", () => {
    const { host, counts } = grown("gap");
    for (let minute = 0; minute < 10; minute++) host.minute({}, { ratedMs: 0 });
    expect(host.minute({ TcpPassiveOpens: 90_000 })).toEqual([]);
    host.minute({ TcpPassiveOpens: 0 });
    host.run(60, counts);
    expect(found(host.flags)).toEqual([]);
  });

  test("a host in its first days, but for what it loses", () => {
    const host = new Host();
    const load = loadOf("young", { perMinute: 300, amplitude: 0.8 });
    host.run(DAY, (at) => ({ TcpPassiveOpens: load(at), TcpAttemptFails: 12 + (load(at) % 5) }));
    host.minute({ TcpPassiveOpens: 20_000 });
    expect(found(host.flags)).toEqual([]);
    const lost = { TcpPassiveOpens: 20, TcpExtListenOverflows: 30, TcpExtListenDrops: 30 };
    expect(found(host.minute(lost))).toEqual(["burst TcpExtListenOverflows"]);
  });
});

describe("what is found", () => {
  test("the first 30 overflows of a host that was quiet for a month", () => {
    const host = new Host();
    host.run(30 * DAY, () => ({ TcpPassiveOpens: 100 }));
    const flags = host.minute({ TcpPassiveOpens: 100, TcpExtListenOverflows: 30, TcpExtListenDrops: 30 });
    expect(found(flags)).toContain("burst TcpExtListenOverflows");
  });

  test("a trickle of two a minute, which no minute is unusual by, with the minute in which it began", () => {
    const host = new Host();
    host.run(30 * DAY, () => ({ TcpPassiveOpens: 100 }));
    const began = host.at;
    for (let minute = 0; minute < 16; minute++) host.minute({ TcpPassiveOpens: 100, TcpExtPruneCalled: 2 });
    expect(found(host.flags)).toEqual(["changepoint TcpExtPruneCalled"]);
    const [flag] = host.flags;
    expect(flag?.from).toBe(began);
    expect(flag?.text).toMatch(
      /^PruneCalled have risen for good since 2026-12-23 00:00 UTC: 2 in the last minute/,
    );
  });

  test.each([
    ["connections fall to a tenth", 0.1],
    ["four times as many come", 4],
  ])("%s, within two minutes", (_name, times) => {
    const { host, load } = grown("load");
    const now = () => ({ TcpPassiveOpens: Math.round(load(host.at) * times) });
    host.minute(now());
    host.minute(now());
    expect(found(host.flags)).toContain("seasonal TcpPassiveOpens");
    expect(host.flags[0]?.text).toMatch(times > 1 ? /far above/ : /far below/);
  });

  test("a load that doubles for good is a change, and after six hours the new normal", () => {
    const { host, load } = grown("doubled");
    const began = host.at;
    host.run(8 * 60, (at) => ({ TcpPassiveOpens: 2 * load(at) }));
    const change = host.flags.find(({ detector }) => detector === "changepoint");
    expect(change?.series).toBe("TcpPassiveOpens");
    expect(Math.abs((change?.from ?? 0) - began)).toBeLessThanOrEqual(10 * MINUTE_MS);
    expect(host.normals).toEqual(["TcpPassiveOpens"]);
    host.flags = [];
    host.run(60, (at) => ({ TcpPassiveOpens: 2 * load(at) }));
    expect(found(host.flags).filter((flag) => flag.startsWith("seasonal"))).toEqual([]);
  });

  test("open connections are judged without a rate", () => {
    const host = new Host();
    const load = loadOf("open", { perMinute: 5_000 });
    for (let minute = 0; minute < 14 * DAY; minute++) {
      host.minute({}, { gauges: { TcpCurrEstab: load(host.at) } });
    }
    host.flags = [];
    expect(found(host.minute({}, { gauges: { TcpCurrEstab: 60_000 } }))).toEqual(["seasonal TcpCurrEstab"]);
    expect(host.flags[0]?.text).toMatch(
      /^60,000 established connections, far above the [1-5],... that are usual/,
    );
  });

  test("3 % of segments sent again, of a host that usually has 0.1 %", () => {
    const host = new Host();
    const load = loadOf("segments", { perMinute: 50_000 });
    const counts = (share: number) => {
      const segments = load(host.at);
      return { TcpOutSegs: segments, TcpRetransSegs: Math.round(segments * share) };
    };
    host.run(7 * DAY, () => counts(0.001));
    host.flags = [];
    expect(found(host.minute(counts(0.03)))).toEqual(["retransmits retransmit_ratio"]);
    expect(host.flags[0]?.text).toMatch(
      /^3 % of .* segments were sent again in a minute, where 0\.1 % are usual/,
    );
    expect(host.minute(counts(0.009))).toEqual([]);
  });
});

describe("learning", () => {
  test("a flagged hour does not pull the level, and an hour that was flagged each day is learned all the same", () => {
    const host = new Host();
    // A batch of connections at 03:00 each day, ten times the rest, from the second week on.
    const load = loadOf("batch", { perMinute: 300, amplitude: 0 });
    const counts = (at: number) => {
      const isBatch = (at / MINUTE_MS) % DAY >= 180 && (at / MINUTE_MS) % DAY < 240;
      return { TcpPassiveOpens: load(at) * (isBatch && at >= MONDAY + 7 * DAY * MINUTE_MS ? 10 : 1) };
    };
    host.run(7 * DAY, counts);
    const level = host.baselines.expectation(0, OPENS, MONDAY + 12 * 3_600_000)?.perMinute;
    host.flags = [];
    host.run(DAY, counts);
    expect(found(host.flags)).toContain("seasonal TcpPassiveOpens");
    const after = host.baselines.expectation(0, OPENS, MONDAY + 12 * 3_600_000)?.perMinute ?? 0;
    expect(after / (level ?? 1)).toBeCloseTo(1, 0);
    host.run(13 * DAY, counts);
    host.flags = [];
    host.run(5 * DAY, counts);
    expect(found(host.flags).filter((flag) => flag.startsWith("seasonal"))).toEqual([]);
  });

  test("a new host of a role is judged within the hour by what its role has learned", () => {
    const donors = ["a", "b", "c"].map((seed) => ({ shard: grown(seed).host.baselines, position: 0 }));
    const host = new Host();
    host.at = MONDAY + 14 * DAY * MINUTE_MS;
    expect(inheritBaselines(host.baselines, 0, donors)).toBe(true);
    const load = loadOf("new", { perMinute: 4_000 });
    host.run(2 * DAY, (at) => ({ TcpPassiveOpens: load(at) }));
    expect(found(host.flags).filter((flag) => flag.startsWith("seasonal"))).toEqual([]);
    expect(found(host.minute({ TcpPassiveOpens: load(host.at) * 6 }))).toContain("seasonal TcpPassiveOpens");
    expect(inheritBaselines(host.baselines, 0, donors)).toBe(false);
  });

  test("what a kernel lacks is not judged", () => {
    const host = new Host();
    host.run(DAY, () => ({ TcpExtListenOverflows: Number.NaN, TcpExtListenDrops: Number.NaN }));
    expect(host.baselines.still.seen[0]).toBe(0);
    expect(host.flags).toEqual([]);
  });
});
