/** What detection says of hosts whose numbers cannot be trusted, or do not move at all. */
import { describe, expect } from "vitest";
import { DEFAULT_SETTINGS } from "../../src/detect/settings.ts";
import { judgePresence } from "../../src/jobs/detect/judge-presence.ts";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { touchHosts } from "../../src/store/host-status.ts";
import {
  append,
  detector,
  FULL,
  INTERVAL_MS,
  incidentsOf,
  type Moves,
  MovingHost,
} from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };

describe("a counter that falls", () => {
  test("is a data problem, and nothing else is said of any namespace of the host", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const container = await host.container();
    const { run } = detector(store);
    host.raw.set("TcpExtTCPOFOQueue", 1_000n);
    await append(store, await host.intervals(12, CALM));
    await append(store, await container.intervals(12, CALM));
    host.raw.set("TcpExtTCPOFOQueue", 400n);
    await append(store, await host.intervals(6, STALLED, FULL));
    await append(store, await container.intervals(6, STALLED, FULL));
    await run(host.at + 5_000);
    const [problem, ...others] = await incidentsOf(store);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      cause: "DATA_PROBLEM",
      title: "Counters cannot be trusted: web-1",
      urgency: "NOTE",
      kinds: ["OPENED"],
    });
    expect(JSON.stringify(problem?.diagnosis)).toContain("TcpExtTCPOFOQueue fell without a reset");
    expect(await store.db.anomaly.findMany({ where: { detector: "invariant" } })).toMatchObject([
      { hostId: host.member.hostId, incidentId: problem?.id },
    ]);

    // A minute later the numbers count again, and the incident that is on explains what they show.
    await append(store, await host.intervals(9, STALLED, FULL));
    await run(host.at + 5_000);
    expect(await incidentsOf(store)).toMatchObject([
      { cause: "DATA_PROBLEM", status: "OPEN" },
      { cause: "APPLICATION_STALLED", status: "OPEN", inhibitedBy: problem?.id },
    ]);
    for (let minute = 0; minute < 6; minute++) {
      await append(store, await host.intervals(6, STALLED, FULL));
      await run(host.at + 5_000);
    }
    expect(await incidentsOf(store)).toMatchObject([
      { cause: "DATA_PROBLEM", status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] },
      {
        cause: "APPLICATION_STALLED",
        status: "OPEN",
        inhibitedBy: null,
        kinds: ["OPENED", "INHIBITED", "RELEASED"],
      },
      // Nothing was accepted for seven minutes.
      { cause: "SLO_BURN", status: "OPEN", inhibitedBy: 2 },
    ]);
  });

  test("suspends what is on, and does not end it", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const { run } = detector(store);
    host.raw.set("TcpExtTCPOFOQueue", 1_000n);
    await append(store, await host.intervals(12, CALM));
    await append(store, await host.intervals(6, STALLED, FULL));
    await run(host.at - 5_000);
    for (let minute = 0; minute < 8; minute++) {
      host.raw.set("TcpExtTCPOFOQueue", 900n - BigInt(minute) * 100n);
      await append(store, await host.intervals(6, CALM));
      await run(host.at + 5_000);
    }
    expect(await incidentsOf(store)).toMatchObject([
      { cause: "APPLICATION_STALLED", status: "OPEN" },
      { cause: "DATA_PROBLEM", status: "OPEN" },
    ]);
  });
});

describe("a host that reports and whose segments stand still", () => {
  async function minutes(store: Store, host: MovingHost, count: number, segments: bigint, lateMs = 0) {
    const { rollUp, judge } = detector(store);
    const forgetting = { ephemeral: { name: "ephemeral", value: "true" } };
    for (let minute = 0; minute < count; minute++) {
      for (let index = 0; index < 6; index++) {
        for (const name of ["TcpInSegs", "TcpOutSegs"]) {
          host.raw.set(name, (host.raw.get(name) ?? 0n) + segments);
        }
        await append(store, await host.intervals(1, CALM));
      }
      if (lateMs > 0 && minute < count - 1) continue;
      const now = host.at + 25_000;
      const seen = { lastSeen: now - 1_000, epochId: 1, everyMs: INTERVAL_MS, agentVersion: "1" };
      await touchHosts(store.db, [{ hostId: host.member.hostId, ...seen, clockSkewMs: 0, health: null }]);
      await rollUp(now);
      await judge(now);
      const fleet = { read: () => new FleetView(store.db, () => now).read() };
      await judgePresence(
        { db: store.db, fleet, roleLabels: ["role"], settings: () => DEFAULT_SETTINGS, forgetting },
        now,
      );
    }
  }

  test("is frozen after six minutes, and over when they move again", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    await minutes(store, host, 3, 20n);
    await minutes(store, host, 5, 0n);
    expect(await incidentsOf(store)).toEqual([]);
    await minutes(store, host, 3, 0n);
    const [frozen] = await incidentsOf(store);
    expect(frozen).toMatchObject({ cause: "HOST_SILENT", status: "OPEN", members: ["web-1"] });
    expect(JSON.stringify(frozen?.diagnosis)).toContain("its counters are not read anew");
    await minutes(store, host, 8, 20n);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] }]);
  });

  test("is not where the minutes come late: it may have had no network", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    await minutes(store, host, 3, 20n);
    await minutes(store, host, 12, 0n, MINUTE);
    await minutes(store, host, 1, 20n);
    expect(await incidentsOf(store)).toEqual([]);
  });
});
