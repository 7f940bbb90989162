import { createHash, randomBytes } from "node:crypto";
import { SpillwayError } from "../errors.ts";
import type { Token } from "../generated/prisma/client.ts";
import type { Db } from "./client.ts";
import type { Labels } from "./labels/effective.ts";

export type { Token };

/** What a token allows. Each is apart: `admin` does not imply `ingest`. */
export const SCOPES = ["ingest", "read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export const ACTOR_KINDS = ["token", "session", "proxy", "system"] as const;

/** Whoever asks: a token, a signed-in browser, a person whom a trusted proxy names, or the service itself. */
export interface Actor {
  readonly kind: (typeof ACTOR_KINDS)[number];
  /** The token's id, also for a browser that it signed in; null for the others. */
  readonly id: string | null;
  /** The token's or the person's name, for the audit log and `viewer`. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** When it ends by itself, ms since 1970; null or left out when it does not. */
  readonly expiresAt?: number | null;
  /** Tells a session from others of the same token or name, and tells nobody its secret. */
  readonly session?: string;
}

/** The same for the same token, session or person: what is limited is limited for each by this. */
export function actorKey({ kind, id, name, session }: Actor): string {
  return `${kind}:${session ?? id ?? name}`;
}

/** A token, and for whom it may push. */
export interface TokenActor extends Actor {
  /** Names of the hosts, with * and ?; null for all. */
  readonly hostPattern: string | null;
  /** Labels of every host that it pushes for. */
  readonly forcedLabels: Labels;
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: Date | null;
  readonly hostPattern?: string | null;
  readonly forcedLabels?: Labels;
  /** Left out for the tokens of files in the data folder. */
  readonly createdBy?: string;
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
        hostPattern: token.hostPattern ?? null,
        forcedLabels: { ...token.forcedLabels },
        createdBy: token.createdBy ?? null,
      },
    ],
    skipDuplicates: true,
  });
  return db.token.findUniqueOrThrow({ where: { hash } });
}

/** The token with a secret; null when it is unknown, revoked or expired. */
export async function findToken(db: Db, secret: string, now: number): Promise<Token | null> {
  const token = await db.token.findUnique({ where: { hash: hashSecret(secret) } });
  return token !== null && holds(token, now) ? token : null;
}

/** Whether a token lets anybody in now. */
export function holds(token: Pick<Token, "revokedAt" | "expiresAt">, now: number): boolean {
  return token.revokedAt === null && (token.expiresAt === null || token.expiresAt.getTime() > now);
}

export function actorOfToken(token: Token): TokenActor {
  return {
    kind: "token",
    id: token.id,
    name: token.name,
    scopes: knownScopes(token.scopes),
    expiresAt: token.expiresAt?.getTime() ?? null,
    hostPattern: token.hostPattern,
    forcedLabels: token.forcedLabels as Labels,
  };
}

export function knownScopes(scopes: readonly string[]): Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}

/** Lets on who has a scope. @throws FORBIDDEN */
export function requireScope({ name, scopes }: Actor, scope: Scope): void {
  if (scopes.includes(scope)) return;
  throw new SpillwayError(
    "FORBIDDEN",
    `"${name}" has the scopes ${scopes.join(", ") || "(none)"}; this needs "${scope}"`,
  );
}

/** Who did something, in words: `acknowledgedBy` and the like. */
export function actorLabel({ kind, name }: Actor): string {
  return kind === "token" ? `${name} (token)` : name;
}
