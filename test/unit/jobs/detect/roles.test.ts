import { expect, test } from "vitest";
import { ShardBaselines } from "../../../../src/detect/baseline/shard-baselines.ts";
import { STILL_SERIES } from "../../../../src/detect/series.ts";
import { inheritFirst } from "../../../../src/jobs/detect/inherit.ts";
import { roleOf, roleSizes } from "../../../../src/jobs/detect/roles.ts";
import type { HostRecord } from "../../../../src/store/directory.ts";
import { MINUTE_MS, MONDAY } from "../../detect/support/load.ts";
import { minuteOf } from "../../detect/support/minutes.ts";

test("the role of a host is the first of the labels that it has with a value", () => {
  const names = ["role", "service"];
  expect(roleOf({ role: "web", service: "shop" }, names)).toBe("web");
  expect(roleOf({ role: "", service: "shop" }, names)).toBe("shop");
  expect(roleOf({ team: "a" }, names)).toBeNull();
  expect(roleOf({ role: "web" }, [])).toBeNull();
});

test("roles are as large as the hosts that did not leave", () => {
  const host = (role: string | null, status: HostRecord["status"]) =>
    ({ labels: role === null ? {} : { role }, status }) as HostRecord;
  const hosts = [host("web", "REPORTING"), host("web", "SILENT"), host("web", "LEFT"), host(null, "STALE")];
  expect([...roleSizes({ hosts }, ["role"])]).toEqual([
    ["*", 3],
    ["web", 2],
  ]);
});

test("a newcomer inherits from its role in the shard, and from no other", () => {
  const shard = new ShardBaselines();
  const attempts = STILL_SERIES[3];
  if (attempts === undefined) throw new Error("no series");
  for (let minute = 0; minute < 200; minute++) {
    shard.evaluate(minuteOf(MONDAY + minute * MINUTE_MS, { [attempts.counter]: 4 }));
  }
  const [grown = -1] = [...shard.lastMinute.keys()].filter((position) => shard.lastMinute[position] !== 0);
  const first = minuteOf(MONDAY + 200 * MINUTE_MS, {});
  first.ratedMs[50] = 60_000;
  first.ratedMs[51] = 60_000;
  const roles = new Map([
    [grown, "web"],
    [50, "web"],
    [51, "db"],
  ]);
  inheritFirst(shard, first, (position) => roles.get(position) ?? null, new Map());
  const usual = shard.expectation(grown, attempts, first.at);
  expect(usual?.perMinute).toBeGreaterThan(1);
  expect(shard.expectation(50, attempts, first.at)).toEqual(usual);
  expect(shard.expectation(51, attempts, first.at)).toBeNull();
});
