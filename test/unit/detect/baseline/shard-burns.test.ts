import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShardBurns } from "../../../../src/detect/baseline/shard-burns.ts";
import { BurnRing } from "../../../../src/detect/detectors/burn-ring.ts";
import { minuteOf } from "../support/minutes.ts";

const T0 = Date.UTC(2026, 0, 1);
const ALL = { roleAt: () => "web", isExcluded: () => false };
const WINDOWS = [5, 60, 360, 4_320];

describe("the handshakes of a shard", () => {
  test("are those of each namespace and of its role, without what is excluded", () => {
    const burns = new ShardBurns();
    const lost = { TcpPassiveOpens: 93, TcpExtListenOverflows: 49 };
    burns.take(minuteOf(T0, lost), ALL);
    burns.take(minuteOf(T0, lost), ALL);
    burns.take(minuteOf(T0 + 60_000, lost), { ...ALL, isExcluded: () => true });
    expect(burns.minute).toBe(T0 + 60_000);
    expect(burns.hosts.get(0)?.last(60)).toEqual({ good: 93, bad: 7 });
    expect(burns.roles.get("web")?.last(60)).toEqual({ good: 93, bad: 7 });
    burns.take(minuteOf(T0 + 120_000, lost), { ...ALL, roleAt: () => null });
    expect(burns.hosts.get(0)?.last(60)).toEqual({ good: 186, bad: 14 });
    expect(burns.roles.get("web")?.last(60)).toEqual({ good: 93, bad: 7 });
  });

  test("go on the same after they were stored", () => {
    const burns = new ShardBurns();
    for (let minute = 0; minute < 90; minute++) {
      burns.take(minuteOf(T0 + minute * 60_000, { TcpPassiveOpens: minute, TcpExtListenOverflows: 7 }), ALL);
    }
    const roles = new Map([...burns.roles].map(([role, ring]) => [role, ring.encode()]));
    const again = ShardBurns.decode(burns.encode(), roles);
    for (const one of [burns, again]) one.take(minuteOf(T0 + 90 * 60_000, { TcpPassiveOpens: 1 }), ALL);
    expect(again.encode()).toEqual(burns.encode());
    expect(again.roles.get("web")?.last(60)).toEqual(burns.roles.get("web")?.last(60));
    expect(ShardBurns.decode(new ShardBurns().encode(), new Map()).minute).toBe(0);
  });

  test.each([
    ["cut off", Buffer.alloc(3)],
    ["of another version", Buffer.from(new Uint32Array([9, 0]).buffer)],
    ["longer than they say", Buffer.from(new Uint32Array([1, 0, 0]).buffer)],
    ["no rings", Buffer.from(new Uint32Array([1, 1, 0, 0]).buffer)],
  ])("that are %s are refused", (_name, bytes) => {
    expect(() => ShardBurns.decode(bytes, new Map())).toThrow(RangeError);
  });
});

test("rings put together are the ring of what was added to each", () => {
  const additions = fc.array(
    fc.record({ gap: fc.integer({ min: 1, max: 900 }), good: fc.nat(50), bad: fc.nat(9) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(additions, additions, (a, b) => {
      const filled = (list: typeof a) => {
        const ring = new BurnRing();
        let minute = T0 / 60_000;
        for (const { gap, ...counts } of list) {
          minute += gap;
          ring.add(minute, counts);
        }
        return ring;
      };
      const [one, other] = [filled(a), filled(b)];
      const end = Math.max(one.minute, other.minute);
      const apart = [filled(a), filled(b)];
      for (const ring of apart) ring.add(end, { good: 0, bad: 0 });
      one.merge(other);
      for (const window of WINDOWS) {
        const sums = apart.map((ring) => ring.last(window));
        const sum = { good: 0, bad: 0 };
        for (const { good, bad } of sums) {
          sum.good += good;
          sum.bad += bad;
        }
        expect(one.last(window)).toEqual(sum);
      }
    }),
  );
});
