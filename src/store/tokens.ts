import { createHash, randomBytes } from "node:crypto";
import type { Token } from "../generated/prisma/client.ts";
import type { Db } from "./client.ts";

/** What a token allows. Each is apart: `admin` does not imply `ingest`. */
export const SCOPES = ["ingest", "read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whoever asks: a token, a signed-in browser, a person whom a trusted proxy names, or the service itself. */
export interface Actor {
  readonly kind: "token" | "session" | "proxy" | "system";
  /** The token's id; null for the others. */
  readonly id: string | null;
  /** The token's or the person's name, for the audit log and `viewer`. */
  readonly name: string;
  readonly scopes: readonly Scope[];
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: Date;
}

/** 32 random bytes; the prefix shows in logs and listings what the string is. */
export function newSecret(): string {
  return `spw_${randomBytes(32).toString("base64url")}`;
}

/** High-entropy secrets need no slow hash: there is nothing to guess. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash("sha256").update(secret).digest());
}

/** Keeps the hash of a secret as a token. The same secret again changes nothing, so a start may always say it. */
export async function keepToken(db: Db, secret: string, token: NewToken): Promise<Token> {
  const hash = hashSecret(secret);
  await db.token.createMany({
    data: [
      {
        name: token.name,
        hash,
        prefix: secret.slice(0, 8),
        scopes: [...token.scopes],
        expiresAt: token.expiresAt ?? null,
      },
    ],
    skipDuplicates: true,
  });
  return db.token.findUniqueOrThrow({ where: { hash } });
}

/** Revokes every other token of the same name. */
export async function replaceNamed(db: Db, token: Token): Promise<void> {
  await db.token.updateMany({
    where: { name: token.name, id: { not: token.id }, revokedAt: null },
    data: { revokedAt: new Date() },
  });
}

/** Who holds a secret; null when it is unknown, revoked or expired. */
export async function actorOfToken(db: Db, secret: string, now: number): Promise<Actor | null> {
  const token = await db.token.findUnique({ where: { hash: hashSecret(secret) } });
  if (token === null || token.revokedAt !== null) return null;
  if (token.expiresAt !== null && token.expiresAt.getTime() <= now) return null;
  return { kind: "token", id: token.id, name: token.name, scopes: knownScopes(token.scopes) };
}

export function knownScopes(scopes: readonly string[]): Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}
