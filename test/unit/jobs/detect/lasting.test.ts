import { describe, expect, test } from "vitest";
import { countFlag } from "../../../../src/detect/flag.ts";
import { type Lasting, LastingFlags } from "../../../../src/jobs/detect/lasting.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;

function burst(minute: number, observed = 30, series = "TcpExtListenOverflows", position = 3) {
  const said = {
    detector: "burst",
    series,
    from: minute,
    to: minute + MINUTE,
    observed,
    expected: 0.02,
  } as const;
  return { position, flag: countFlag({ ...said, z: 9, share: 0.05, text: `${observed} overflows` }, 0.1) };
}

/** As it is stored and read back. */
function again(flags: LastingFlags): LastingFlags {
  return new LastingFlags(JSON.parse(JSON.stringify(flags.all)) as Lasting[]);
}

describe("what is unusual", () => {
  test("in minutes that follow one another is one anomaly, which ends with the last of them", () => {
    let flags = new LastingFlags([]);
    flags.close(T0, [burst(T0)]);
    expect(flags.changed).toMatchObject([
      { startedAt: T0, endedAt: null, severity: "MAJOR", judgedAt: T0 + MINUTE },
    ]);
    flags = again(flags);
    flags.close(T0 + MINUTE, [burst(T0 + MINUTE, 40)]);
    expect(flags.changed).toMatchObject([{ startedAt: T0, endedAt: null, value: 40 }]);
    flags = again(flags);
    flags.close(T0 + 2 * MINUTE, []);
    expect(flags.changed).toMatchObject([
      { startedAt: T0, endedAt: T0 + 2 * MINUTE, value: 40, judgedAt: T0 + 3 * MINUTE },
    ]);
    expect(flags.all).toEqual([]);
  });

  test("is told of while its minute is open, once for as much of it as there is", () => {
    let flags = new LastingFlags([]);
    flags.seeOpen(T0, T0 + 20_000, [burst(T0)]);
    expect(flags.changed).toMatchObject([{ startedAt: T0, value: 30, judgedAt: T0 + 20_000 }]);
    flags = again(flags);
    flags.seeOpen(T0, T0 + 22_000, [burst(T0)]);
    expect(flags.changed).toEqual([]);
    flags.seeOpen(T0, T0 + 30_000, [burst(T0, 35)]);
    expect(flags.changed).toMatchObject([{ startedAt: T0, value: 35, judgedAt: T0 + 30_000 }]);
  });

  test("and is not in the whole of its minute ends with it; in the next, open one it goes on", () => {
    let flags = new LastingFlags([]);
    flags.seeOpen(T0, T0 + 20_000, [burst(T0)]);
    flags = again(flags);
    flags.close(T0, []);
    expect(flags.changed).toMatchObject([{ startedAt: T0, endedAt: T0 + MINUTE, judgedAt: T0 + MINUTE }]);

    flags = new LastingFlags([]);
    flags.close(T0, [burst(T0)]);
    flags.seeOpen(T0 + MINUTE, T0 + MINUTE + 5_000, [burst(T0 + MINUTE)]);
    expect(flags.changed).toMatchObject([{ startedAt: T0, endedAt: null, judgedAt: T0 + MINUTE + 5_000 }]);
  });

  test("of some positions, found late, ends nothing of others, of objectives, or of later", () => {
    const at = (position: number, minute = T0) => burst(minute, 30, "TcpExtListenOverflows", position);
    const burn = { position: 4, flag: { ...at(4).flag, detector: "slo_burn" as const } };
    let flags = new LastingFlags([]);
    flags.close(T0, [at(3), at(4), burn, at(5)]);
    flags = again(flags);
    flags.seeOpen(T0 + MINUTE, T0 + MINUTE + 5_000, [at(5, T0 + MINUTE)]);
    flags = again(flags);
    const isIn = (position: number) => position > 3;
    flags.closeLate(T0, [at(5), at(6)], isIn);
    expect(flags.changed).toMatchObject([
      { position: 6, startedAt: T0, endedAt: null },
      { position: 4, detector: "burst", startedAt: T0, endedAt: T0 + MINUTE },
    ]);
    expect(flags.all.map(({ position, minute }) => [position, minute])).toEqual([
      [3, T0],
      [4, T0],
      [5, T0 + MINUTE],
      [6, T0],
    ]);
    flags = again(flags);
    flags.close(T0 + MINUTE, [at(5, T0 + MINUTE)]);
    expect(flags.changed.filter(({ endedAt }) => endedAt === T0 + MINUTE)).toHaveLength(3);
  });

  test("of two series, or at two positions, is two; a part is named by its counter", () => {
    const flags = new LastingFlags([]);
    flags.close(T0, [
      burst(T0),
      burst(T0, 30, "other_listen_drops"),
      burst(T0, 30, "TcpExtListenOverflows", 4),
    ]);
    expect(flags.changed.map(({ position, counter }) => [position, counter])).toEqual([
      [3, "TcpExtListenOverflows"],
      [3, "TcpExtListenDrops"],
      [4, "TcpExtListenOverflows"],
    ]);
  });
});
