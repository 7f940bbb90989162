/** Input that no client of ours makes is refused by what is wrong with it, and never by the database. */
import { describe, expect } from "vitest";
import { createToken, rotateToken } from "../../src/store/token-changes.ts";
import { ADMIN, NOW as ADMINS_NOW, DAY, WANTED } from "../support/access.ts";
import { asking } from "../support/graphql.ts";
import { judge, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const cursor = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString("base64url");

describe("a cursor that was made up", () => {
  const lists = [
    ["incidents", (after: string) => `{ incidents(after: "${after}") { edges { cursor } } }`],
    ["anomalies", (after: string) => `{ anomalies(after: "${after}") { edges { cursor } } }`],
    [
      "a timeline",
      (after: string) =>
        `{ incidents { edges { node { timeline(after: "${after}") { edges { cursor } } } } } }`,
    ],
  ] as const;

  test.for(lists)("of %s has a time that there is, and whatever id", async ([, document], { store }) => {
    await judge(store.db);
    const { ask, refused } = asking(store.db, T0 + 600_000);
    for (const late of [9_007_199_254_740_991, 8_640_000_000_000_001]) {
      expect(await refused(document(cursor(late, 1)))).toEqual([
        expect.objectContaining({ message: expect.stringMatching(/^the cursor "[\w-]+" is not one of/) }),
      ]);
    }
    await ask(document(cursor(8_640_000_000_000_000, 8_640_000_000_000_000)));
    await ask(document(cursor(0, 0)));
  });
});

test("an owner that the database cannot keep", async ({ store }) => {
  const errors = await asking(store.db, T0).refused(
    '{ listeners(where: { owner: "a\\u0000" }) { totalCount } }',
  );
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(/has NUL/) })]);
});

test("an overlap of two tokens that no date is after", async ({ store: { db } }) => {
  const { token } = await createToken(db, ADMIN, WANTED, ADMINS_NOW);
  await expect(rotateToken(db, ADMIN, token.id, 999_999_999 * 7 * DAY, ADMINS_NOW)).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringMatching(/^overlap: .* ten years at most/),
  });
  await rotateToken(db, ADMIN, token.id, 3_650 * DAY, ADMINS_NOW);
});
