import type { Db } from "./client.ts";
import { rememberHosts } from "./forget-hosts.ts";

export interface HostSeen {
  readonly hostId: number;
  /** The service's clock, ms since 1970. */
  readonly lastSeen: number;
  readonly epochId: number;
  readonly everyMs: number;
  readonly agentVersion: string;
  readonly clockSkewMs: number;
  /** How the agent itself is doing; null when it did not say. */
  readonly health: object | null;
}

/** Says when hosts were last heard of; an older saying never undoes a newer one. Those forgotten are shown again. */
export async function touchHosts(db: Db, seen: readonly HostSeen[]): Promise<void> {
  // By host id, so that two writers take the rows' locks in the same order.
  const rows = [...seen].sort((a, b) => a.hostId - b.hostId);
  await db.$executeRaw`
    INSERT INTO host_status (host_id, last_seen, epoch_id, every_ms, agent_version, clock_skew_ms, health)
    SELECT host_id, to_timestamp(last_seen / 1000), epoch_id, every_ms, agent_version, clock_skew_ms, health::jsonb
    FROM unnest(
      ${rows.map((row) => row.hostId)}::int[], ${rows.map((row) => row.lastSeen)}::float8[],
      ${rows.map((row) => row.epochId)}::int[], ${rows.map((row) => row.everyMs)}::int[],
      ${rows.map((row) => row.agentVersion)}::text[], ${rows.map((row) => row.clockSkewMs)}::float8[],
      ${rows.map((row) => (row.health === null ? null : JSON.stringify(row.health)))}::text[]
    ) AS row(host_id, last_seen, epoch_id, every_ms, agent_version, clock_skew_ms, health)
    ORDER BY host_id
    ON CONFLICT (host_id) DO UPDATE SET
      last_seen = EXCLUDED.last_seen, epoch_id = EXCLUDED.epoch_id, every_ms = EXCLUDED.every_ms,
      agent_version = EXCLUDED.agent_version, clock_skew_ms = EXCLUDED.clock_skew_ms,
      health = coalesce(EXCLUDED.health, host_status.health)
    WHERE host_status.last_seen < EXCLUDED.last_seen`;
  await rememberHosts(
    db,
    rows.map((row) => row.hostId),
  );
}

/**
 * Keeps what an agent said when it ended. It holds until a snapshot is accepted later: agents are heard of
 * again, and old pushes may still be on their way.
 */
export async function sayGoodbye(
  db: Db,
  hostId: number,
  goodbye: "leaving" | "restarting",
  now: number,
): Promise<void> {
  await db.hostStatus.updateMany({ where: { hostId }, data: { goodbye, goodbyeAt: new Date(now) } });
}
