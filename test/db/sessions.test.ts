import { describe, expect } from "vitest";
import { SYSTEM_ACTOR } from "../../src/store/audit.ts";
import { createSignInLink, endSession, redeemSignInLink, signInByToken } from "../../src/store/sessions.ts";
import { createToken, listTokens, revokeToken } from "../../src/store/token-changes.ts";
import { actorOfToken, hashSecret } from "../../src/store/tokens.ts";
import { actorsAt, DAY, log, NOW, WANTED } from "../support/access.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

describe("a session", () => {
  const signIn = { address: "192.0.2.7", now: NOW };

  test("by token is the token's, in name and scopes, and ends with it", async ({ store: { db } }) => {
    const clock = { now: NOW };
    const actors = actorsAt(db, clock);
    const wanted = { ...WANTED, name: "ann", scopes: ["read", "admin"], hostPattern: null, forcedLabels: {} };
    const { token } = await createToken(db, SYSTEM_ACTOR, { ...wanted, expiresAt: NOW + DAY }, NOW);
    const secret = await signInByToken(db, actorOfToken(token), signIn);
    expect(await actors.ofSession(secret)).toEqual({
      kind: "session",
      id: token.id,
      name: "ann",
      scopes: ["read", "admin"],
      expiresAt: NOW + DAY,
      session: Buffer.from(hashSecret(secret)).toString("base64url"),
    });
    // Each browser is limited for itself.
    const second = await actors.ofSession(await signInByToken(db, actorOfToken(token), signIn));
    expect(second?.session).not.toBe((await actors.ofSession(secret))?.session);
    await waitFor("its use to count as the token's", async () => (await listTokens(db))[0]?.lastUsedAt);
    await revokeToken(db, SYSTEM_ACTOR, token.id, NOW);
    clock.now += 500;
    expect(await actors.ofSession(secret)).toBeNull();
    expect((await log(db))[2]).toEqual({
      actor: "ann",
      actorKind: "session",
      action: "session.create",
      target: "ann",
      details: { by: "token", address: "192.0.2.7" },
    });
  });

  test("by link is made once, lasts thirty days, and ends by signing out", async ({ store: { db } }) => {
    const clock = { now: NOW };
    const actors = actorsAt(db, clock);
    const code = await createSignInLink(db, NOW);
    const secrets = await Promise.all([1, 2].map(() => redeemSignInLink(db, code, signIn)));
    const secret = secrets.find((one) => one !== null) ?? "";
    expect(secrets.filter((one) => one !== null)).toHaveLength(1);
    expect(await actors.ofSession(secret)).toEqual({
      kind: "session",
      id: null,
      name: "administrator",
      scopes: ["read", "operate", "admin"],
      expiresAt: NOW + 30 * DAY,
      session: Buffer.from(hashSecret(secret)).toString("base64url"),
    });
    clock.now = NOW + 30 * DAY;
    expect(await actors.ofSession(secret)).toBeNull();
    clock.now = NOW + 1_000;
    await endSession(db, secret, NOW);
    await endSession(db, secret, NOW);
    expect(await actors.ofSession(secret)).toBeNull();
    expect((await log(db)).map(({ action }) => action)).toEqual(["session.end", "session.create"]);
    expect(await redeemSignInLink(db, await createSignInLink(db, NOW - 900_000), signIn)).toBeNull();
  });
});
