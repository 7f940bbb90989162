import { expect, test } from "vitest";
import { COUNTERS, type CounterName, placeOf } from "../../../src/demo/counters.ts";
import type { Fault, FaultKind } from "../../../src/demo/faults.ts";
import { fleetOf, HOUR_MS, type HostFacts, MINUTE_MS } from "../../../src/demo/fleet.ts";
import { LIVE_EVERY_MS, SimulatedHost } from "../../../src/demo/host.ts";
import type { HostSection } from "../../../src/protocol/message.ts";

const START = Date.UTC(2026, 0, 5, 12);
const FLEET = fleetOf({ hosts: 40, startMs: START });
const GAUGES: ReadonlySet<CounterName> = new Set([
  "TcpCurrEstab",
  "SockstatSocketsUsed",
  "SockstatTCPInuse",
  "SockstatTCPTw",
]);

function hostOf(facts: HostFacts, kind: FaultKind | null): SimulatedHost {
  const fault = { host: facts.index, app: null, from: START + 10 * MINUTE_MS, to: START + 20 * MINUTE_MS };
  const faults: readonly Fault[] = kind === null ? [] : [{ ...fault, kind }];
  return new SimulatedHost({ facts, faults, startMs: START, silentFrom: null, versionAt: () => "1" });
}

function first(role: string): HostFacts {
  const found = FLEET.find((host) => host.role === role);
  if (found === undefined) throw new Error(`no host is ${role}`);
  return found;
}

function hourOf(kind: FaultKind | null, role = "checkout"): HostSection {
  const section = hostOf(first(role), kind).advance(START + HOUR_MS, () => LIVE_EVERY_MS);
  if (section === null) throw new Error("an hour has snapshots");
  return section;
}

/** Growth of a counter over the hour, of the host's own namespace. */
function grown({ snapshots }: HostSection, name: CounterName): number {
  const own = snapshots.filter(({ namespace }) => namespace === undefined);
  const at = (index: number) => Number(own.at(index)?.values[placeOf(name)]);
  return at(-1) - at(0);
}

test("the seed decides the fleet and all that it says", () => {
  expect(fleetOf({ hosts: 40, startMs: START })).toEqual(FLEET);
  expect(hourOf("slow")).toEqual(hourOf("slow"));
});

test.each(["stalled", "slow", "bursts", "flood", "refused", null] as const)(
  "with %s counters only grow, and what the kernel counts twice is there twice",
  (kind) => {
    const hour = hourOf(kind);
    for (const name of COUNTERS) {
      if (GAUGES.has(name)) continue;
      const values = hour.snapshots.map(({ values }) => Number(values[placeOf(name)]));
      expect(values, name).toEqual(values.toSorted((a, b) => a - b));
    }
    expect(grown(hour, "TcpExtListenDrops")).toBe(grown(hour, "TcpExtListenOverflows"));
    expect(grown(hour, "TcpRetransSegs")).toBeGreaterThanOrEqual(grown(hour, "TcpExtTCPSynRetrans"));
    expect(grown(hour, "TcpExtListenOverflows") > 0).toBe(
      kind === "stalled" || kind === "slow" || kind === "bursts",
    );
    const cookies = grown(hour, "TcpExtSyncookiesSent");
    expect(cookies > 0).toBe(kind === "flood");
    expect(grown(hour, "TcpExtSyncookiesRecv")).toBeLessThanOrEqual(cookies);
    expect(grown(hour, "TcpAttemptFails") * 20 > grown(hour, "TcpActiveOpens")).toBe(kind === "refused");
  },
);

test("what a listener drops is what its namespace does, where the agent sees it", () => {
  const sockets = hourOf("stalled").snapshots.flatMap(({ listeners }) => listeners?.sockets ?? []);
  const drops = sockets.at(-1)?.drops;
  expect(drops).toBe(grown(hourOf("stalled"), "TcpExtListenDrops"));
});

test("back in time counters fall, each minute, to what they were a day before and no further", () => {
  const facts = first("node");
  const now = START + HOUR_MS;
  const past = hostOf(facts, null).retreat(START - 24 * HOUR_MS, MINUTE_MS, now);
  const own = past?.snapshots.filter(({ namespace }) => namespace === 0) ?? [];
  expect(own.length).toBeGreaterThanOrEqual(24 * 60 - 1);
  const accepted = own.map(({ values }) => Number(values[placeOf("TcpPassiveOpens")]));
  expect(accepted).toEqual(accepted.toSorted((a, b) => a - b));
  expect(accepted[0]).toBeGreaterThan(0);
  const next = hostOf(facts, null).advance(START + MINUTE_MS, () => MINUTE_MS)?.snapshots[1];
  expect(Number(next?.values[placeOf("TcpPassiveOpens")])).toBeGreaterThanOrEqual(accepted.at(-1) ?? 0);
});

test("it says its layout, settings and capabilities once, and nothing after it has fallen silent", () => {
  const host = new SimulatedHost({
    facts: first("cache"),
    faults: [],
    startMs: START,
    silentFrom: START + 5 * MINUTE_MS,
    versionAt: () => "1",
  });
  const begun = host.advance(START + MINUTE_MS, () => LIVE_EVERY_MS);
  const gone = host.advance(START + HOUR_MS, () => LIVE_EVERY_MS);
  expect(begun?.layouts).toBeDefined();
  expect(begun?.snapshots.filter(({ sysctls }) => sysctls !== undefined)).toHaveLength(1);
  expect(begun?.labels?.demo).toBe("true");
  expect(gone?.capabilities).toBeUndefined();
  expect(gone?.snapshots.at(-1)?.at).toBeLessThanOrEqual(START + 5 * MINUTE_MS);
  expect(host.advance(START + 2 * HOUR_MS, () => LIVE_EVERY_MS)).toBeNull();
});
