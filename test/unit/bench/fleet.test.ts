import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ChurningHost } from "../../../bench/fleet/churn.ts";
import { BURST, BUSY, COUNTERS, SLOW } from "../../../bench/fleet/counters.ts";
import { FLEET_DEFAULTS, hasBursts, hostIdentity, SimulatedHost } from "../../../bench/fleet/fleet.ts";
import { pushBody, SectionWriter, snapshotText } from "../../../bench/fleet/push.ts";
import { hostSchema, pushSchema, snapshotSchema } from "../../../src/ingest/snapshots/schema.ts";
import { layoutHash } from "../../../src/protocol/layout.ts";

const options = { ...FLEET_DEFAULTS, hosts: 200, startMs: Date.UTC(2026, 10, 22) };
const HOUR = 360;

/** The values of a host at each of some intervals. */
function course(index: number, steps: number, seed = options.seed): Float64Array[] {
  const host = new SimulatedHost({ ...options, seed }, index);
  return Array.from({ length: steps }, () => {
    const values = host.values.slice();
    host.advance();
    return values;
  });
}

function digest(rows: readonly Float64Array[]): string {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(new Uint8Array(row.buffer));
  return hash.digest("hex");
}

describe("the simulated fleet", () => {
  test("has 150 counters, of which 60 % stand still, 25 % are slow, 15 % are busy", () => {
    expect(new Set(COUNTERS).size).toBe(150);
    for (const name of [...BUSY, ...SLOW, ...BURST]) expect(COUNTERS).toContain(name);
    expect([BUSY.size, SLOW.size, 150 - BUSY.size - SLOW.size]).toEqual([22, 38, 90]);

    const rows = course(3, HOUR);
    const moved = COUNTERS.filter((_, position) => rows.some((row) => row[position] !== rows[0]?.[position]));
    expect(new Set(moved)).toEqual(new Set([...BUSY, ...SLOW]));
    const steps = (names: ReadonlySet<string>) => {
      let count = 0;
      for (let step = 1; step < rows.length; step++)
        for (const name of names) {
          const position = COUNTERS.indexOf(name);
          if (rows[step]?.[position] !== rows[step - 1]?.[position]) count++;
        }
      return count / (rows.length - 1) / names.size;
    };
    expect(steps(BUSY)).toBeGreaterThan(0.99);
    expect(steps(SLOW)).toBeGreaterThan(0.03);
    expect(steps(SLOW)).toBeLessThan(0.07);
  });

  test("says the same for the same seed, and other values for another", () => {
    expect(digest(course(7, 50))).toBe(digest(course(7, 50)));
    expect(digest(course(7, 50))).not.toBe(digest(course(8, 50)));
    expect(digest(course(7, 50))).not.toBe(digest(course(7, 50, "another")));
    // The very bytes: a change of the generator makes figures incomparable with those before it.
    expect(digest(course(7, 50)).slice(0, 16)).toBe("ba88eabd3e050581");
  });

  test("counters never fall, and the traffic has a daily course", () => {
    const rows = course(11, 24 * HOUR);
    const segments = COUNTERS.indexOf("TcpInSegs");
    const hourly = Array.from(
      { length: 23 },
      (_, hour) => (rows[(hour + 1) * HOUR]?.[segments] ?? 0) - (rows[hour * HOUR]?.[segments] ?? 0),
    );
    expect(Math.max(...hourly) / Math.min(...hourly)).toBeGreaterThan(2.5);
    for (let step = 1; step < rows.length; step++) {
      COUNTERS.forEach((name, position) => {
        if (name === "TcpCurrEstab") return;
        if ((rows[step]?.[position] ?? 0) < (rows[step - 1]?.[position] ?? 0))
          throw new Error(`${name} fell`);
      });
    }
  });

  test("accept queues overflow in bursts, on the share of hosts that is asked for", () => {
    const bursting = Array.from({ length: 200 }, (_, index) => index).filter((index) =>
      hasBursts(options, index),
    );
    expect(bursting).toHaveLength(1);
    const many = { ...options, hosts: 10_000, burstShare: 0.05 };
    expect(Array.from({ length: 10_000 }, (_, index) => hasBursts(many, index)).filter(Boolean)).toHaveLength(
      500,
    );
    const rows = course(bursting[0] ?? 0, 6 * HOUR);
    const [overflows, drops] = BURST.map((name) => COUNTERS.indexOf(name)) as [number, number];
    const grown = (position: number) => (rows.at(-1)?.[position] ?? 0) - (rows[0]?.[position] ?? 0);
    expect(grown(overflows)).toBeGreaterThan(0);
    expect(grown(drops)).toBe(grown(overflows));
  });

  test("has 6 regions and 20 roles, each pair evenly", () => {
    const pairs = new Map<string, number>();
    for (let index = 0; index < 240; index++) {
      const { region, role } = hostIdentity(options, index);
      pairs.set(`${region} ${role}`, (pairs.get(`${region} ${role}`) ?? 0) + 1);
    }
    expect([...pairs.values()]).toEqual(new Array(120).fill(2));
  });

  test("its pushes are what the service takes", () => {
    const host = new SimulatedHost(options, 0);
    const text = snapshotText({
      at: host.at,
      uptimeMs: host.at - host.identity.bootedMs,
      everyMs: host.everyMs,
      layout: layoutHash(COUNTERS),
      values: host.values,
      namespace: null,
      fromZero: false,
    });
    const section = new SectionWriter(host.identity).section([text], { layouts: [COUNTERS], namespaces: [] });
    const push = pushSchema.parse(JSON.parse(pushBody([section], options.startMs)));
    hostSchema.parse(push.hosts[0]);
    const snapshot = snapshotSchema.parse(push.hosts[0]?.snapshots[0]);
    expect(snapshot.values).toHaveLength(150);
    expect(snapshot.values.filter((value) => value === null)).toHaveLength(1);
  });
});

describe("containers that come and go", () => {
  const churn = { ...options, namespaces: 110, lifeMs: 5 * 60_000 };

  test("are told at birth from zero, once a minute, and when they have moved", () => {
    const host = new ChurningHost(churn, 0);
    const born = new Map<string, number>();
    let readings = 0;
    for (let step = 0; step < 60; step++) {
      for (const reading of host.readings(churn.startMs + step * churn.everyMs)) {
        readings++;
        expect(reading.fromZero).toBe(!born.has(reading.inode));
        born.set(reading.inode, reading.birth);
      }
    }
    // 110 at a time for ten minutes, each living for about five.
    expect(host.made).toBeGreaterThan(250);
    expect(host.made).toBeLessThan(500);
    expect(born.size).toBeLessThanOrEqual(host.made);
    expect(readings / 60 / 110).toBeGreaterThan(0.2);
    expect(readings / 60 / 110).toBeLessThan(0.5);
  });
});
