import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { ensureTokenFiles } from "../../src/commands/token-files.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import {
  createToken,
  keepFileToken,
  listTokens,
  revokeToken,
  rotateToken,
  type TokenRequest,
} from "../../src/store/token-changes.ts";
import { newSecret } from "../../src/store/tokens.ts";
import { ADMIN, actorsAt, DAY, log, NOW, WANTED } from "../support/access.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

describe("a token", () => {
  test("lets in with the rights that were asked for, until it is revoked", async ({ store: { db } }) => {
    const clock = { now: NOW };
    const { token, secret } = await createToken(db, ADMIN, WANTED, NOW);
    const actors = actorsAt(db, clock);
    expect(await actors.ofToken(secret)).toEqual({
      kind: "token",
      id: token.id,
      name: "agents",
      scopes: ["ingest"],
      expiresAt: null,
      hostPattern: "web-*",
      forcedLabels: { team: "shop" },
    });
    expect([token.prefix, token.createdBy]).toEqual([secret.slice(0, 8), "ann"]);
    expect(await db.token.findMany({ where: { hash: Buffer.from(secret) } })).toEqual([]);

    expect(await revokeToken(db, ADMIN, token.id, NOW)).toBe(true);
    expect(await revokeToken(db, ADMIN, token.id, NOW)).toBe(false);
    clock.now += 499;
    expect(await actors.ofToken(secret)).not.toBeNull();
    clock.now += 1;
    expect(await actors.ofToken(secret)).toBeNull();
    await expect(revokeToken(db, ADMIN, randomUUID(), NOW)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await log(db)).toEqual([
      {
        actor: "ann",
        actorKind: "session",
        action: "token.revoke",
        target: "agents",
        details: { tokenId: token.id, prefix: token.prefix },
      },
      {
        actor: "ann",
        actorKind: "session",
        action: "token.create",
        target: "agents",
        details: {
          tokenId: token.id,
          prefix: token.prefix,
          scopes: ["ingest"],
          expiresAt: null,
          hostPattern: "web-*",
          forcedLabels: { team: "shop" },
        },
      },
    ]);
  });

  test("ends by itself when its time is over", async ({ store: { db } }) => {
    const clock = { now: NOW };
    const { secret } = await createToken(db, ADMIN, { ...WANTED, expiresAt: NOW + 1_000 }, NOW);
    const actors = actorsAt(db, clock);
    expect(await actors.ofToken(secret)).toMatchObject({ expiresAt: NOW + 1_000 });
    clock.now = NOW + 1_000;
    expect(await actors.ofToken(secret)).toBeNull();
  });

  test.for<[string, Partial<TokenRequest>]>([
    ["without a name", { name: " " }],
    ["with a name of control characters", { name: "a\u0000b" }],
    ["with a name that is too long", { name: "x".repeat(101) }],
    ["without a scope", { scopes: [] }],
    ["with a scope that there is not", { scopes: ["ingest", "root"] }],
    ["that has ended already", { expiresAt: NOW }],
    ["that never ends, but says when", { expiresAt: NOW + 11 * 365 * DAY }],
    ["that ends at no time", { expiresAt: Number.NaN }],
    ["with a regular expression", { hostPattern: "/web-.*/" }],
    ["with an empty pattern", { hostPattern: "" }],
    ["with a pattern that is too long", { hostPattern: "x".repeat(301) }],
    ["with a pattern for nothing", { scopes: ["read"] }],
    ["with a label that is none", { forcedLabels: { __proto: "x" } }],
    [
      "with too many labels",
      { forcedLabels: Object.fromEntries([...Array(65)].map((_, i) => [`l${i}`, "x"])) },
    ],
  ])("%s is not made", async ([, part], { store: { db } }) => {
    const made = async () => createToken(db, ADMIN, { ...WANTED, ...part }, NOW);
    await expect(made()).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect([await db.token.count(), await db.auditEntry.count()]).toEqual([0, 0]);
  });

  test("is written down as used once a minute at most, by however many processes", async ({
    store: { db },
  }) => {
    const clock = { now: NOW };
    const { token, secret } = await createToken(db, ADMIN, WANTED, NOW);
    const [one, two] = [actorsAt(db, clock), actorsAt(db, clock)];
    const lastUse = async () => (await db.token.findUniqueOrThrow({ where: { id: token.id } })).lastUsedAt;
    expect(await lastUse()).toBeNull();
    await Promise.all([one.ofToken(secret), two.ofToken(secret)]);
    await waitFor("the first use", async () => (await lastUse())?.getTime() === NOW);
    clock.now = NOW + 59_999;
    await one.ofToken(secret);
    clock.now = NOW + 61_000;
    await two.ofToken(secret);
    // What was not to be written did not come late: the row has the later time, and had no other.
    await waitFor("the next use", async () => (await lastUse())?.getTime() === NOW + 61_000);
  });

  test("that is looked up is asked for once, and a failure is not kept", async ({ store: { db } }) => {
    const clock = { now: NOW };
    const { secret } = await createToken(db, ADMIN, WANTED, NOW);
    let failing = true;
    let asked = 0;
    const flaky = {
      token: {
        findUnique: async (query: never) => {
          asked++;
          if (failing) throw new Error("no answer");
          return db.token.findUnique(query);
        },
        updateMany: async () => ({ count: 0 }),
      },
    } as unknown as PrismaClient;
    const actors = actorsAt(flaky, clock);
    await expect(Promise.all([actors.ofToken(secret), actors.ofToken(secret)])).rejects.toThrow("no answer");
    expect([asked, actors.remembers(secret)]).toEqual([1, false]);
    failing = false;
    expect(await actors.ofToken(secret)).not.toBeNull();
    expect([asked, actors.remembers(secret)]).toEqual([2, true]);
    failing = true;
    clock.now += 500;
    await expect(actors.ofToken(secret)).rejects.toThrow("no answer");
    failing = false;
    expect(await actors.ofToken(secret)).not.toBeNull();
    expect([asked, actors.remembers(secret)]).toEqual([4, true]);
    // However many strangers come, who was let in is remembered.
    await Promise.all(Array.from({ length: 10_001 }, (_, index) => actors.ofToken(`stranger ${index}`)));
    expect([actors.remembers(secret), actors.remembers("stranger 10000")]).toEqual([true, false]);
  });
});

describe("rotation", () => {
  test("gives the same rights to a successor, and both hold for the overlap", async ({ store: { db } }) => {
    const old = await createToken(db, ADMIN, { ...WANTED, expiresAt: Date.now() + 90 * DAY }, Date.now());
    const now = old.token.createdAt.getTime() + 80 * DAY;
    const { token, secret } = await rotateToken(db, ADMIN, old.token.id, 3_600_000, now);
    const rights = ({ name, scopes, hostPattern, forcedLabels }: typeof token) => ({
      name,
      scopes,
      hostPattern,
      forcedLabels,
    });
    expect(rights(token)).toEqual(rights(old.token));
    // It was made to live for ninety days, and so is its successor.
    expect((token.expiresAt?.getTime() ?? 0) - now).toBeCloseTo(90 * DAY, -4);
    const [, stored] = await listTokens(db);
    expect(stored).toMatchObject({ successorId: token.id, expiresAt: new Date(now + 3_600_000) });

    const clock = { now: now + 3_599_999 };
    const actors = actorsAt(db, clock);
    expect(await actors.ofToken(old.secret)).toMatchObject({ id: old.token.id });
    // An answer is believed for half a second.
    clock.now = now + 3_600_499;
    expect([await actors.ofToken(old.secret), (await actors.ofToken(secret))?.id]).toEqual([null, token.id]);
    expect((await log(db))[0]).toMatchObject({
      action: "token.rotate",
      details: { tokenId: token.id, replaces: old.token.id, hostPattern: "web-*" },
    });
  });

  test("does not lengthen a life, and is done once, to a token that holds", async ({ store: { db } }) => {
    const now = Date.now();
    const old = await createToken(db, ADMIN, { ...WANTED, expiresAt: now + 60_000 }, now);
    const rotations = await Promise.allSettled(
      [1, 2].map(() => rotateToken(db, ADMIN, old.token.id, DAY, now)),
    );
    expect(rotations.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [successor, stored] = await listTokens(db);
    expect(stored?.expiresAt).toEqual(new Date(now + 60_000));
    const again = rotateToken(db, ADMIN, old.token.id, DAY, now);
    await expect(again).rejects.toThrow(new RegExp(`rotate its successor, ${successor?.id}`));
    await revokeToken(db, ADMIN, successor?.id ?? "", now);
    await expect(rotateToken(db, ADMIN, successor?.id ?? "", DAY, now)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("has ended"),
    });
  });
});

describe("a token of a file", () => {
  const FILE = { name: "admin-token", scopes: ["read", "operate", "admin"] } as const;

  test("holds again at each start, and replaces the one that the file had before", async ({
    store: { db },
  }) => {
    const [first, second] = [newSecret(), newSecret()];
    const { token: namesake } = await createToken(db, ADMIN, { ...WANTED, name: FILE.name }, NOW);
    for (const secret of [first, first, second, second]) {
      expect(await keepFileToken(db, secret, FILE, NOW)).toBe(true);
    }
    const clock = { now: NOW };
    const actors = actorsAt(db, clock);
    expect([await actors.ofToken(first), (await actors.ofToken(second))?.name]).toEqual([
      null,
      "admin-token",
    ]);
    // One that a person made under this name is another matter.
    expect((await listTokens(db)).find(({ id }) => id === namesake.id)?.revokedAt).toBeNull();
    const actions = (await log(db)).map(({ actor, action }) => [actor, action]);
    expect(actions.slice(0, -1)).toEqual([
      ["spillway", "token.revoke"],
      ["spillway", "token.create"],
      ["spillway", "token.create"],
    ]);

    const kept = await db.token.findFirstOrThrow({ where: { createdBy: null, revokedAt: null } });
    await expect(rotateToken(db, ADMIN, kept.id, DAY, NOW)).rejects.toThrow(/delete the file and restart/);
    await revokeToken(db, ADMIN, kept.id, NOW);
    expect(await keepFileToken(db, second, FILE, NOW)).toBe(false);
  });

  test("that was revoked gives way to another, in the file and for everybody", async ({ store: { db } }) => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-tokens-"));
    try {
      const { admin, ingest } = await ensureTokenFiles(db, folder, NOW);
      const secretsOf = async () => [await readFile(admin, "utf8"), await readFile(ingest, "utf8")];
      const before = await secretsOf();
      const { id } = await db.token.findFirstOrThrow({ where: { name: "admin-token" } });
      await revokeToken(db, ADMIN, id, NOW);
      await ensureTokenFiles(db, folder, NOW);
      const after = await secretsOf();
      expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true]);
      const actors = actorsAt(db, { now: NOW });
      expect(await actors.ofToken((after[0] ?? "").trim())).toMatchObject({ name: "admin-token" });
      expect((await stat(admin)).mode & 0o777).toBe(0o600);
      // Nothing of how they were made is left.
      expect((await readdir(folder)).sort()).toEqual(["admin-token", "ingest-token"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
