import type { Prisma } from "../generated/prisma/client.ts";
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

/** Changes that nobody asked for. */
export const SYSTEM_ACTOR: Actor = { kind: "system", id: null, name: "spillway", scopes: [] };

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
