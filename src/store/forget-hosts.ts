import { recordAudit, SYSTEM_ACTOR } from "./audit.ts";
import { type Db, inTransaction, type PrismaClient } from "./client.ts";
import type { HostRecord } from "./directory.ts";
import type { Actor } from "./tokens.ts";

/** When hosts are forgotten by themselves. */
export interface Forgetting {
  /** Not heard of for so long, in ms. */
  readonly afterMs: number;
  /** Hosts with this label come and go ... */
  readonly ephemeral: { readonly name: string; readonly value: string };
  /** ... and are forgotten after so long. */
  readonly ephemeralAfterMs: number;
}

/** Whether a host comes and goes, by the labels that it has. */
export function isEphemeral(
  labels: Readonly<Record<string, string>>,
  { name, value }: Forgetting["ephemeral"],
): boolean {
  return Object.hasOwn(labels, name) && labels[name] === value;
}

/** Names that the audit log keeps of one forgetting. */
const NAMES_KEPT = 1_000;
const HOSTS_PER_BATCH = 1_000;

/**
 * Forgets hosts: nothing that lists, counts or filters hosts has them from now on, and what they counted stays in
 * the totals of the whole fleet. One that was heard of since it was looked at is left as it is; one that is heard
 * of later is shown again, with all its past as long as that is kept.
 *
 * @returns the names of those that were forgotten, in order
 */
export function forgetHosts(
  db: PrismaClient,
  actor: Actor,
  hosts: readonly Pick<HostRecord, "id" | "lastSeen">[],
  now: number,
): Promise<string[]> {
  return inTransaction(db, async (tx) => {
    const rows = await tx.$queryRaw<{ name: string }[]>`
      UPDATE host h SET forgotten_at = ${new Date(now)}, revision = h.revision + 1
      FROM unnest(${hosts.map(({ id }) => id)}::int[],
                  ${hosts.map(({ lastSeen }) => (lastSeen?.getTime() ?? 0) / 1000)}::float8[]) AS asked(id, last_seen)
      WHERE h.id = asked.id AND h.forgotten_at IS NULL
        AND NOT EXISTS (SELECT FROM host_status s
                        WHERE s.host_id = h.id AND s.last_seen > to_timestamp(asked.last_seen))
      RETURNING h.name`;
    return audited(tx, actor, rows, now);
  });
}

/**
 * Forgets the hosts that were not heard of for as long as the settings say; some at a time.
 *
 * @param now ms since 1970
 * @returns how many were forgotten
 */
export async function forgetUnheard(
  db: PrismaClient,
  { afterMs, ephemeral, ephemeralAfterMs }: Forgetting,
  now: number,
): Promise<number> {
  const { name, value } = ephemeral;
  let forgotten = 0;
  for (;;) {
    const names = await inTransaction(db, async (tx) => {
      // The label as labels/effective.ts has it: of the highest source that gives one.
      const rows = await tx.$queryRaw<{ name: string }[]>`
        UPDATE host SET forgotten_at = ${new Date(now)}, revision = revision + 1
        WHERE forgotten_at IS NULL AND id IN (
          SELECT h.id FROM host h LEFT JOIN host_status s ON s.host_id = h.id
          WHERE h.forgotten_at IS NULL
            AND coalesce(s.last_seen, h.first_seen) < CASE
              WHEN coalesce(nullif(h.set_labels ->> ${name}, ''), nullif(h.forced_labels ->> ${name}, ''),
                            nullif(h.file_labels ->> ${name}, ''), h.labels ->> ${name}) = ${value}
              THEN ${new Date(now - ephemeralAfterMs)}::timestamptz ELSE ${new Date(now - afterMs)}::timestamptz END
          ORDER BY h.id LIMIT ${HOSTS_PER_BATCH})
        RETURNING name`;
      return audited(tx, SYSTEM_ACTOR, rows, now);
    });
    forgotten += names.length;
    if (names.length < HOSTS_PER_BATCH) return forgotten;
  }
}

async function audited(
  tx: Db,
  actor: Actor,
  rows: readonly { readonly name: string }[],
  now: number,
): Promise<string[]> {
  const names = rows.map(({ name }) => name).sort();
  if (names.length === 0) return names;
  const target = names.length === 1 ? (names[0] ?? "") : `${names.length} hosts`;
  const details = { count: names.length, names: names.slice(0, NAMES_KEPT) };
  await recordAudit(tx, actor, { action: "host.forget", target, details }, now);
  return names;
}

/** Shows hosts again that were heard of, where they had been forgotten. @returns how many had been */
export async function rememberHosts(db: Db, hostIds: readonly number[]): Promise<number> {
  return db.$executeRaw`
    UPDATE host SET forgotten_at = NULL, revision = revision + 1
    WHERE id = ANY(${[...hostIds]}::int[]) AND forgotten_at IS NOT NULL`;
}
