import { randomBytes } from "node:crypto";
import type { Db } from "./client.ts";
import { type Actor, hashSecret, knownScopes } from "./tokens.ts";

const SESSION_MS = 30 * 24 * 3_600_000;
const LINK_MS = 15 * 60_000;

/** A code that signs one browser in, once, within 15 minutes. */
export async function createSignInLink(db: Db, now: number): Promise<string> {
  const code = randomBytes(24).toString("base64url");
  const expired = { where: { expiresAt: { lte: new Date(now) } } };
  await db.signInLink.deleteMany(expired);
  await db.session.deleteMany(expired);
  await db.signInLink.create({ data: { hash: hashSecret(code), expiresAt: new Date(now + LINK_MS) } });
  return code;
}

/**
 * Takes a code for a session of the administrator.
 *
 * @returns the session's secret, for the cookie; null when the code is unknown, used or expired
 */
export async function redeemSignInLink(db: Db, code: string, now: number): Promise<string | null> {
  // The delete is the lock: of two browsers that come with one code, one deletes it.
  const used = await db.signInLink.deleteMany({
    where: { hash: hashSecret(code), expiresAt: { gt: new Date(now) } },
  });
  if (used.count === 0) return null;
  const secret = randomBytes(32).toString("base64url");
  await db.session.create({
    data: {
      hash: hashSecret(secret),
      name: "administrator",
      scopes: ["read", "operate", "admin"],
      expiresAt: new Date(now + SESSION_MS),
    },
  });
  return secret;
}

/** Who a session's cookie belongs to; null when there is no such session any more. */
export async function actorOfSession(db: Db, secret: string, now: number): Promise<Actor | null> {
  const session = await db.session.findUnique({ where: { hash: hashSecret(secret) } });
  if (session === null || session.expiresAt.getTime() <= now) return null;
  return { kind: "session", id: null, name: session.name, scopes: knownScopes(session.scopes) };
}

export async function endSession(db: Db, secret: string): Promise<void> {
  await db.session.deleteMany({ where: { hash: hashSecret(secret) } });
}

export const SESSION_SECONDS = SESSION_MS / 1000;
