import type { AuditEntry, Prisma } from "../generated/prisma/client.ts";
import type { Db } from "./client.ts";
import type { Actor } from "./tokens.ts";

/** What was done to what. */
export interface AuditedChange {
  /** The kind of thing and the verb, as `token.create`. */
  readonly action: string;
  /** The name of what was changed, as a person would look for it. */
  readonly target: string;
  /** What the change was, without secrets. */
  readonly details?: Prisma.InputJsonObject;
}

export type { AuditEntry };

/** Changes that nobody asked for. */
export const SYSTEM_ACTOR: Actor = { kind: "system", id: null, name: "spillway", scopes: [] };

/** Changes that somebody made on the command line of a machine of the service. */
export const COMMAND_LINE_ACTOR: Actor = { ...SYSTEM_ACTOR, name: "command line" };

/**
 * Writes a change into the audit log. Give it the transaction that makes the change, so that there is never
 * the one without the other.
 *
 * @param now ms since 1970
 */
export async function recordAudit(
  tx: Db,
  actor: Actor,
  { action, target, details = {} }: AuditedChange,
  now: number,
): Promise<void> {
  await tx.auditEntry.create({
    data: {
      at: new Date(now),
      actorKind: actor.kind,
      actorId: actor.id,
      actor: actor.name,
      action,
      target,
      details,
    },
  });
}

/**
 * Entries of the log, the newest first.
 *
 * @param before the id of the last entry seen; null for the newest
 */
export function readAudit(
  db: Db,
  { before, limit }: { readonly before: bigint | null; readonly limit: number },
): Promise<AuditEntry[]> {
  return db.auditEntry.findMany({
    where: before === null ? {} : { id: { lt: before } },
    orderBy: { id: "desc" },
    take: limit,
  });
}
