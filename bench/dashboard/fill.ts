/** A fleet for the dashboard to show: its hosts, heard of just now, and rollups of what its plots are made of. */
import type { PrismaClient } from "../../src/store/client.ts";
import { touchHosts } from "../../src/store/host-status.ts";
import { FLEET_DEFAULTS, type FleetOptions } from "../fleet/fleet.ts";
import { registerFleet } from "../store/fill.ts";
import { fillRollups, type Growth } from "../store/fill-rollups.ts";
import { twoCounters } from "../store/two-counters.ts";

const MINUTE_MS = 60_000;
/** Nobody pushes for them: an interval so long that they are not silent before the run has ended. */
const HEARD_EVERY_MS = 24 * 60 * MINUTE_MS;
/** Handshakes lost are reckoned from all of these. */
const COUNTERS = [
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpPassiveOpens",
  "TcpExtTCPReqQFullDrop",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
];

const growth: Growth = (fleet, index, steps) => {
  const { event, dense } = twoCounters(fleet, index, steps);
  const still = new Float64Array(steps);
  return [event, event, dense, still, still, still, still];
};

/** @param share of the hosts that drop connections at some time */
export async function fillDashboard(
  db: PrismaClient,
  size: { readonly hosts: number; readonly hours: number; readonly share: number },
  now: number,
): Promise<void> {
  const minutes = Math.round(size.hours * 60);
  const fleet: FleetOptions = {
    ...FLEET_DEFAULTS,
    // What a minute adds up to is all that a rollup keeps.
    everyMs: MINUTE_MS,
    hosts: size.hosts,
    burstShare: size.share,
    startMs: Math.floor(now / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS,
  };
  const stored = await registerFleet(db, fleet, COUNTERS);
  await fillRollups(db, fleet, stored, minutes, growth);
  const rows = await db.epoch.findMany({ select: { id: true, hostId: true } });
  await touchHosts(
    db,
    rows.map(({ id, hostId }) => ({
      hostId,
      lastSeen: now,
      epochId: id,
      everyMs: HEARD_EVERY_MS,
      agentVersion: "0.1.0",
      clockSkewMs: 0,
      health: null,
    })),
  );
}
