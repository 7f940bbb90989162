import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import type { Access } from "../../../src/http/access.ts";
import { socketCredential } from "../../../src/http/socket-credential.ts";

/** What would be asked of whoever lets in: the authorization that was shown. */
const access = {
  proxies: { userOf: ({ headers }: IncomingMessage) => userOf(headers["x-forwarded-user"]) },
  actorOf: async (_request: IncomingMessage, authorization?: string) => authorization ?? "the request itself",
  holderOf: async (_request: IncomingMessage, authorization?: string) => `${authorization} still`,
} as unknown as Access;

function userOf(name: string | string[] | undefined) {
  return name === undefined ? null : { name };
}

function shown(headers: Record<string, string>, params: Record<string, unknown> = {}) {
  return socketCredential(access)({ headers } as unknown as IncomingMessage, params);
}

test("the parameters' token goes before the header's, and either before what else the request shows", async () => {
  const both = { authorization: "Bearer h", cookie: "spillway_session=s" };
  expect(await shown(both, { authorization: "Bearer p" }).actor()).toBe("Bearer p");
  expect(await shown(both).actor()).toBe("Bearer h");
  expect(await shown({ cookie: "spillway_session=s" }).actor()).toBe("the request itself");
  expect(await shown({}).actor()).toBe("the request itself");
  for (const authorization of [7, null, {}, ["Bearer h"]]) {
    expect(() => shown(both, { authorization })).toThrow(/is a text/);
  }
});

test("what beside a token is not looked at makes no other credential of it", () => {
  const one = shown({ authorization: "Bearer h" });
  for (const same of [
    shown({ authorization: "bearer   h" }),
    shown({ authorization: "Bearer h", cookie: "spillway_session=s" }),
    shown({ authorization: "Bearer h", "x-forwarded-user": "ada" }),
    shown({ cookie: "spillway_session=t" }, { authorization: "BEARER h" }),
  ]) {
    expect(same.key).toBe(one.key);
  }
  // Of another scheme it is the proxy's, and the session is what counts.
  const session = shown({ cookie: "spillway_session=s" });
  expect(shown({ authorization: "Basic YTpi", cookie: "spillway_session=s" }).key).toBe(session.key);
});

test("it is asked again without being counted", async () => {
  expect(await shown({ authorization: "Bearer h" }).holder()).toBe("Bearer h still");
});

test("credentials are told apart, and their names tell none", () => {
  const different = [
    shown({}),
    shown({ authorization: "Bearer h" }),
    shown({}, { authorization: "Bearer p" }),
    shown({ cookie: "spillway_session=s" }),
    shown({ cookie: "spillway_session=t" }),
    shown({ "x-forwarded-user": "ada" }),
    shown({ "x-forwarded-user": "bob" }),
  ].map(({ key }) => key);
  expect(new Set(different).size).toBe(different.length);
  for (const key of different) expect(key).toMatch(/^[\w-]{43}$/);
  expect(shown({ authorization: "Bearer h" }).key).toBe(shown({}, { authorization: "Bearer h" }).key);
  expect(shown({ cookie: "a=1; spillway_session=s" }).key).toBe(
    shown({ cookie: "spillway_session=s; b=2" }).key,
  );
});
