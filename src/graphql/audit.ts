import { SpillwayError } from "../errors.ts";
import { type AuditEntry as AuditRow, readAudit } from "../store/audit.ts";
import type { Actor } from "../store/tokens.ts";
import { ActorKind } from "./actor-kind.ts";
import { builder } from "./builder.ts";
import { connectionType, pageOf } from "./connection.ts";
import { decodeCursor, requirePage } from "./page-info.ts";
import { requireScope } from "./require-scope.ts";

const AuditEntry = builder.objectRef<AuditRow>("AuditEntry").implement({
  description: "A change that a person, a token or the service made. Kept for 400 days.",
  fields: (t) => ({
    at: t.field({ type: "DateTime", resolve: ({ at }) => at.getTime() }),
    actor: t.exposeString("actor", { description: "Name of whoever made it." }),
    actorKind: t.field({ type: ActorKind, resolve: ({ actorKind }) => actorKind as Actor["kind"] }),
    action: t.exposeString("action", { description: "The kind of thing and the verb: `token.create`." }),
    target: t.exposeString("target", { description: "Name of what was changed." }),
    details: t.field({
      type: "JSON",
      description: "What the change was, and the ids of what it was made to. Holds no secrets.",
      resolve: ({ details }) => details,
    }),
  }),
});

const AuditConnection = connectionType("Audit", AuditEntry, "entries of the audit log");

builder.queryFields((t) => ({
  audit: t.field({
    type: AuditConnection,
    description: "The log of changes, newest first. Needs the scope `admin`.",
    args: {
      first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
      after: t.arg.string({ description: "The cursor of the last entry seen." }),
    },
    resolve: async (_root, args, { actor, db }) => {
      requireScope(actor, "admin");
      const first = requirePage(args.first);
      const before = args.after == null ? null : entryIdOf(args.after);
      const rows = await readAudit(db, { before, limit: first + 1 });
      return pageOf({ rows, first, hasPrevious: before !== null, keyOf: ({ id }) => [String(id)] });
    },
  }),
}));

/** The entry that a cursor is of. @throws BAD_REQUEST */
function entryIdOf(cursor: string): bigint {
  const [id] = decodeCursor(cursor);
  if (typeof id === "string" && /^[0-9]{1,18}$/.test(id)) return BigInt(id);
  throw new SpillwayError("BAD_REQUEST", `the cursor "${cursor.slice(0, 60)}" is not one of the audit log`);
}
