/** Who asks for tokens and sessions, and what becomes of it, for tests of both. */
import { Actors } from "../../src/store/actors.ts";
import { readAudit } from "../../src/store/audit.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import type { TokenRequest } from "../../src/store/token-changes.ts";
import type { Actor } from "../../src/store/tokens.ts";

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 10, 22, 12);
export const ADMIN: Actor = { kind: "session", id: null, name: "ann", scopes: ["read", "admin"] };
export const WANTED: TokenRequest = {
  name: "agents",
  scopes: ["ingest"],
  expiresAt: null,
  hostPattern: "web-*",
  forcedLabels: { team: "shop" },
};

function rejects(reason: unknown): never {
  throw reason;
}

/** Actors of a process whose clock stands where the test says. */
export function actorsAt(db: PrismaClient, clock: { now: number }): Actors {
  return new Actors({ db, now: () => clock.now, onError: rejects });
}

export async function log(db: PrismaClient) {
  const entries = await readAudit(db, { before: null, limit: 100 });
  return entries.map(({ actor, actorKind, action, target, details }) => ({
    actor,
    actorKind,
    action,
    target,
    details,
  }));
}
