import { randomBytes } from "node:crypto";
import type { Prisma } from "../generated/prisma/client.ts";
import { recordAudit } from "./audit.ts";
import { type Db, inTransaction, type PrismaClient } from "./client.ts";
import { type Actor, hashSecret, holds, knownScopes, type TokenActor } from "./tokens.ts";

const SESSION_MS = 30 * 24 * 3_600_000;
const LINK_MS = 15 * 60_000;

export const SESSION_SECONDS = SESSION_MS / 1000;

/** Whom the one-time link signs in. */
const ADMINISTRATOR: Actor = {
  kind: "session",
  id: null,
  name: "administrator",
  scopes: ["read", "operate", "admin"],
};

/** A code that signs one browser in, once, within 15 minutes. */
export async function createSignInLink(db: Db, now: number): Promise<string> {
  const code = randomBytes(24).toString("base64url");
  const expired = { where: { expiresAt: { lte: new Date(now) } } };
  await db.signInLink.deleteMany(expired);
  await db.session.deleteMany(expired);
  await db.signInLink.create({ data: { hash: hashSecret(code), expiresAt: new Date(now + LINK_MS) } });
  return code;
}

/** A browser that signs in. */
export interface SignIn {
  /** Where it comes from, for the audit log. */
  readonly address: string;
  /** ms since 1970 */
  readonly now: number;
}

/**
 * Takes a code for a session of the administrator.
 *
 * @returns the session's secret, for the cookie; null when the code is unknown, used or expired
 */
export function redeemSignInLink(db: PrismaClient, code: string, signIn: SignIn): Promise<string | null> {
  return inTransaction(db, async (tx) => {
    // The delete is the lock: of two browsers that come with one code, one deletes it.
    const used = await tx.signInLink.deleteMany({
      where: { hash: hashSecret(code), expiresAt: { gt: new Date(signIn.now) } },
    });
    return used.count === 0 ? null : createSession(tx, ADMINISTRATOR, signIn);
  });
}

/**
 * Signs a browser in as the holder of a token, until that token ends, and for 30 days at most.
 *
 * @returns the session's secret, for the cookie
 */
export function signInByToken(db: PrismaClient, token: TokenActor, signIn: SignIn): Promise<string> {
  return inTransaction(db, (tx) => createSession(tx, { ...token, kind: "session" }, signIn));
}

async function createSession(tx: Db, actor: Actor, { address, now }: SignIn): Promise<string> {
  const secret = randomBytes(32).toString("base64url");
  const { id: tokenId, name } = actor;
  await tx.session.create({
    data: {
      hash: hashSecret(secret),
      name,
      scopes: [...actor.scopes],
      expiresAt: new Date(now + SESSION_MS),
      tokenId,
    },
  });
  await recordAudit(
    tx,
    actor,
    { action: "session.create", target: name, details: { by: tokenId === null ? "link" : "token", address } },
    now,
  );
  return secret;
}

type Session = Prisma.SessionGetPayload<{ include: { token: true } }>;

/** The session of a cookie; null when there is none any more, or its token has ended. */
export async function findSession(db: Db, secret: string, now: number): Promise<Session | null> {
  const session = await db.session.findUnique({
    where: { hash: hashSecret(secret) },
    include: { token: true },
  });
  if (session === null || session.expiresAt.getTime() <= now) return null;
  return session.token !== null && !holds(session.token, now) ? null : session;
}

export function actorOfSession({ name, scopes, expiresAt, token, hash }: Session): Actor {
  return {
    kind: "session",
    id: token?.id ?? null,
    name,
    scopes: knownScopes(scopes),
    expiresAt: Math.min(expiresAt.getTime(), token?.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY),
    session: Buffer.from(hash).toString("base64url"),
  };
}

/** Ends the session of a cookie, if there is one. */
export function endSession(db: PrismaClient, secret: string, now: number): Promise<void> {
  return inTransaction(db, async (tx) => {
    const session = await findSession(tx, secret, now);
    const ended = await tx.session.deleteMany({ where: { hash: hashSecret(secret) } });
    if (session === null || ended.count === 0) return;
    await recordAudit(tx, actorOfSession(session), { action: "session.end", target: session.name }, now);
  });
}
