import { minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { SHARD_SIZE } from "../codec/positions.ts";
import type { Span } from "../history/record.ts";

type Sysctls = Readonly<Record<string, string>>;

/** The settings of namespaces as they were sent last. */
export async function readSysctls(db: Db, namespaceIds: readonly number[]): Promise<Map<number, Sysctls>> {
  const select = { id: true, sysctls: true } as const;
  const rows = await db.namespace.findMany({ where: { id: { in: [...namespaceIds] } }, select });
  return new Map(rows.map(({ id, sysctls }) => [id, sysctls as Sysctls]));
}

/** By minute, the positions of a shard whose host came back in it with another boot or epoch. */
export async function readBegunAnew(
  db: Db,
  shard: number,
  { from, to }: Span,
): Promise<Map<number, Uint8Array>> {
  const rows = await db.$queryRaw<{ id: number; at: Date }[]>`
    SELECT n.id, e.seen_at AS at FROM epoch e JOIN namespace n ON n.host_id = e.host_id
    WHERE e.seen_at >= to_timestamp(${from / 1000}::float8) AND e.seen_at < to_timestamp(${to / 1000}::float8)
      AND EXISTS (SELECT FROM epoch before WHERE before.host_id = e.host_id AND before.id < e.id)
      AND n.id >= ${shard * SHARD_SIZE}::int AND n.id < ${(shard + 1) * SHARD_SIZE}::bigint`;
  const minutes = new Map<number, Uint8Array>();
  for (const { id, at } of rows) {
    const minute = minuteOf(at.getTime());
    const anew = minutes.get(minute) ?? new Uint8Array(SHARD_SIZE);
    anew[id % SHARD_SIZE] = 1;
    minutes.set(minute, anew);
  }
  return minutes;
}

/** When a host was last heard of, and what it said when it ended. Times are ms since 1970. */
export interface PresenceRecord {
  readonly hostId: number;
  readonly lastSeen: number;
  readonly everyMs: number;
  readonly goodbye: { readonly kind: "leaving" | "restarting"; readonly at: number } | null;
}

/** Of every host that was ever heard of, by id. */
export async function readPresence(db: Db): Promise<PresenceRecord[]> {
  const rows = await db.$queryRaw<
    { hostId: number; lastSeen: Date; everyMs: number; goodbye: string | null; goodbyeAt: Date | null }[]
  >`
    SELECT host_id AS "hostId", last_seen AS "lastSeen", every_ms AS "everyMs", goodbye, goodbye_at AS "goodbyeAt"
    FROM host_status ORDER BY host_id`;
  return rows.map(({ hostId, lastSeen, everyMs, goodbye, goodbyeAt }) => {
    // A snapshot that was accepted later undoes it.
    const holds = goodbyeAt !== null && goodbyeAt >= lastSeen;
    const kind = goodbye === "leaving" ? "leaving" : "restarting";
    return {
      hostId,
      lastSeen: lastSeen.getTime(),
      everyMs,
      goodbye: holds ? { kind, at: goodbyeAt.getTime() } : null,
    };
  });
}
