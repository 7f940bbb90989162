import { SpillwayError } from "../errors.ts";
import { formatDuration } from "../protocol/duration.ts";
import { LIMITS } from "../protocol/limits.ts";
import { recordAudit, SYSTEM_ACTOR } from "./audit.ts";
import { type Db, inTransaction, type PrismaClient } from "./client.ts";
import { checkLabel } from "./labels/check.ts";
import type { Labels } from "./labels/effective.ts";
import {
  type Actor,
  actorLabel,
  holds,
  keepToken,
  type NewToken,
  newSecret,
  SCOPES,
  type Scope,
  type Token,
} from "./tokens.ts";

/** What somebody asks of a new token; checked before it is made. */
export interface TokenRequest {
  readonly name: string;
  readonly scopes: readonly string[];
  /** ms since 1970; null for one that does not end by itself. */
  readonly expiresAt: number | null;
  readonly hostPattern: string | null;
  readonly forcedLabels: Labels;
}

/** A token with its secret, which nobody learns again. */
export interface CreatedToken {
  readonly token: Token;
  readonly secret: string;
}

/** How long both tokens hold after a rotation, unless it is said: agents read their token file again by themselves. */
export const ROTATION_OVERLAP_MS = 86_400_000;
/** Tokens that are listed: the newest. */
const LISTED = 1_000;
const NAME_LENGTH = 100;
/** Longer than a host's name: a pattern may say the same with more characters. */
const PATTERN_LENGTH = 300;
const LIFETIME_MAX_MS = 10 * 365 * 86_400_000;

/** Every token that there is and was, until retention forgets it; the newest first. */
export function listTokens(db: Db): Promise<Token[]> {
  return db.token.findMany({ orderBy: [{ createdAt: "desc" }, { id: "asc" }], take: LISTED });
}

/** Null when there is none, and was none. */
export function findTokenById(db: Db, id: string): Promise<Token | null> {
  return db.token.findUnique({ where: { id } });
}

/** @throws BAD_REQUEST for what is no token */
export function createToken(
  db: PrismaClient,
  actor: Actor,
  wanted: TokenRequest,
  now: number,
): Promise<CreatedToken> {
  const token = checkToken(wanted, now);
  return inTransaction(db, (tx) => make(tx, actor, token, "token.create", {}, now));
}

/**
 * Ends a token at once: every process stops believing it within a second.
 *
 * @returns false when it had been revoked before
 * @throws NOT_FOUND without such a token
 */
export function revokeToken(db: PrismaClient, actor: Actor, id: string, now: number): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const token = await lockToken(tx, id);
    if (token.revokedAt !== null) return false;
    await revoke(tx, actor, token, now);
    return true;
  });
}

/**
 * Makes a token with the rights of another, which ends after the overlap, or when it would have ended, whichever
 * is sooner. A token that was made to live for a time gets a successor that lives as long.
 *
 * @throws NOT_FOUND without such a token; CONFLICT for one that has ended, was rotated, or is kept in a file
 */
export async function rotateToken(
  db: PrismaClient,
  actor: Actor,
  id: string,
  overlapMs: number,
  now: number,
): Promise<CreatedToken> {
  if (overlapMs > LIFETIME_MAX_MS) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `overlap: ${formatDuration(overlapMs)}; both hold for ten years at most, and a day is usual`,
    );
  }
  return inTransaction(db, async (tx) => {
    const old = await lockToken(tx, id);
    const fault = rotationFault(old, now);
    if (fault !== null) throw new SpillwayError("CONFLICT", `the token "${old.name}" ${fault}`);
    const lifetimeMs = old.expiresAt === null ? null : old.expiresAt.getTime() - old.createdAt.getTime();
    const successor: NewToken = {
      name: old.name,
      scopes: old.scopes as Scope[],
      hostPattern: old.hostPattern,
      forcedLabels: old.forcedLabels as Labels,
      expiresAt: lifetimeMs === null ? null : new Date(now + lifetimeMs),
    };
    const endsAt = Math.min(now + overlapMs, old.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY);
    const details = { replaces: old.id, replacedEndsAt: new Date(endsAt).toISOString() };
    const made = await make(tx, actor, successor, "token.rotate", details, now);
    await tx.token.update({
      where: { id: old.id },
      data: { expiresAt: new Date(endsAt), successorId: made.token.id },
    });
    return made;
  });
}

/**
 * Keeps the secret of a file in the data folder as the one token of its name that such a file has.
 *
 * @returns false when that token was revoked: the file needs another secret
 */
export function keepFileToken(
  db: PrismaClient,
  secret: string,
  { name, scopes }: Pick<NewToken, "name" | "scopes">,
  now: number,
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const before = await tx.token.findMany({ where: { name, createdBy: null, revokedAt: null } });
    const token = await keepToken(tx, secret, { name, scopes });
    if (token.revokedAt !== null) return false;
    const others = before.filter(({ id }) => id !== token.id);
    if (others.length === before.length) await recordMade(tx, SYSTEM_ACTOR, token, "token.create", {}, now);
    for (const other of others) await revoke(tx, SYSTEM_ACTOR, other, now);
    return true;
  });
}

function rotationFault(token: Token, now: number): string | null {
  if (!holds(token, now)) return "has ended: make another one";
  if (token.successorId !== null) return `was rotated: rotate its successor, ${token.successorId}`;
  if (token.createdBy === null) {
    return "is kept in a file of the service's data folder: delete the file and restart the service to replace it";
  }
  return null;
}

async function make(
  tx: Db,
  actor: Actor,
  wanted: NewToken,
  action: string,
  details: Readonly<Record<string, string>>,
  now: number,
): Promise<CreatedToken> {
  const secret = newSecret();
  const token = await keepToken(tx, secret, { ...wanted, createdBy: actorLabel(actor) });
  await recordMade(tx, actor, token, action, details, now);
  return { token, secret };
}

function recordMade(
  tx: Db,
  actor: Actor,
  token: Token,
  action: string,
  details: Readonly<Record<string, string>>,
  now: number,
): Promise<void> {
  const rights = {
    tokenId: token.id,
    prefix: token.prefix,
    scopes: token.scopes,
    expiresAt: token.expiresAt?.toISOString() ?? null,
    hostPattern: token.hostPattern,
    forcedLabels: token.forcedLabels as Record<string, string>,
  };
  return recordAudit(tx, actor, { action, target: token.name, details: { ...rights, ...details } }, now);
}

async function revoke(tx: Db, actor: Actor, { id, name, prefix }: Token, now: number): Promise<void> {
  await tx.token.update({ where: { id }, data: { revokedAt: new Date(now) } });
  await recordAudit(
    tx,
    actor,
    { action: "token.revoke", target: name, details: { tokenId: id, prefix } },
    now,
  );
}

/** A token's row, which is the caller's alone until its transaction ends. @throws NOT_FOUND */
async function lockToken(tx: Db, id: string): Promise<Token> {
  await tx.$queryRaw`SELECT id FROM token WHERE id = ${id}::uuid FOR UPDATE`;
  const token = await tx.token.findUnique({ where: { id } });
  if (token === null) throw new SpillwayError("NOT_FOUND", `there is no token ${id}`);
  return token;
}

function checkToken(wanted: TokenRequest, now: number): NewToken {
  const fault = tokenFault(wanted, now);
  if (fault !== null) throw new SpillwayError("BAD_REQUEST", fault);
  const { name, scopes, expiresAt, hostPattern, forcedLabels } = wanted;
  return {
    name: name.trim(),
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    hostPattern,
    forcedLabels,
  };
}

function tokenFault(wanted: TokenRequest, now: number): string | null {
  const { name, scopes, expiresAt, hostPattern, forcedLabels } = wanted;
  const trimmed = name.trim();
  if (trimmed === "" || trimmed.length > NAME_LENGTH || !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(trimmed)) {
    return `a token's name has 1 to ${NAME_LENGTH} printable characters`;
  }
  const wrong = scopes.find((scope) => !SCOPES.includes(scope as Scope));
  if (wrong !== undefined) {
    return `"${wrong.slice(0, 60)}" is not a scope: there are ${SCOPES.join(", ")}`;
  }
  if (scopes.length === 0) return `a token needs a scope at least: one of ${SCOPES.join(", ")}`;
  if (expiresAt !== null && !(expiresAt > now && expiresAt <= now + LIFETIME_MAX_MS)) {
    return "a token expires between now and ten years from now";
  }
  return ingestFault(scopes, hostPattern, forcedLabels);
}

/** What is wrong with the part of a token that is about pushes. */
function ingestFault(
  scopes: readonly string[],
  hostPattern: string | null,
  forcedLabels: Labels,
): string | null {
  const labels = Object.entries(forcedLabels);
  if ((hostPattern !== null || labels.length > 0) && !scopes.includes("ingest")) {
    return 'a host pattern and forced labels are about pushes: they need the scope "ingest"';
  }
  if (hostPattern !== null && !/^[^\s/\p{C}]+$/u.test(hostPattern)) {
    return `"${hostPattern.slice(0, 60)}" is not a pattern of host names: write one as web-*, with * and ?`;
  }
  if (hostPattern !== null && hostPattern.length > PATTERN_LENGTH) {
    return `a host pattern has at most ${PATTERN_LENGTH} characters`;
  }
  if (labels.length > LIMITS.labels) return `at most ${LIMITS.labels} labels can be forced`;
  for (const [label, value] of labels) {
    const fault = checkLabel(label, value);
    if (fault !== null) return fault;
  }
  return null;
}
