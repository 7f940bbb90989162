/** How often one may come, and what the service believes of where somebody comes from. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createSignInLink } from "../../src/store/sessions.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { type GraphqlAnswer, type Service, startService, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

let database: string;
let databaseUrl: string;

beforeAll(async () => {
  database = await createDatabase(inject("postgresUrl"));
  databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
});

afterAll(() => dropDatabase(inject("postgresUrl"), database));

async function withService(
  env: Record<string, string>,
  use: (service: Service) => Promise<void>,
): Promise<void> {
  const service = await startService({ databaseUrl, role: "serve", env });
  try {
    await use(service);
  } finally {
    await service.stop();
  }
}

function ask(at: Service, headers: Record<string, string>, query = "{ viewer { name } }"): Promise<Response> {
  return fetch(`${at.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query }),
  });
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** Statuses of so many requests, one after the other. */
async function statuses(count: number, send: () => Promise<Response>): Promise<number[]> {
  const found: number[] = [];
  for (let time = 0; time < count; time++) {
    const response = await send();
    await response.body?.cancel();
    found.push(response.status);
  }
  return found;
}

describe("over its limit", () => {
  test("a token is told when to come back, and others are not in its way", () =>
    withService({ SPILLWAY_RATE_LIMIT: "5", SPILLWAY_RATE_LIMIT_INGEST: "3" }, async (service) => {
      const [one, two] = [await service.token("read"), await service.token("read")];
      // A minute that turns over meanwhile lets more through: so many come that it does not matter.
      const seen = await statuses(15, () => ask(service, bearer(one)));
      expect(seen.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
      expect(seen).toContain(429);
      const refused = await ask(service, bearer(one));
      if (refused.status === 429) {
        expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
        expect(refused.headers.get("content-type")).toContain("application/problem+json");
        expect(await refused.json()).toEqual({
          type: "about:blank",
          title: "rate limited",
          status: 429,
          code: "RATE_LIMITED",
          detail: expect.stringMatching(
            /^"read" asks too often: 5 a minute are let through; try again in \d+ s$/,
          ),
        });
      }
      expect((await ask(service, bearer(two))).status).toBe(200);

      const host = new TestHost();
      const pushes = await statuses(10, () =>
        service.push(push(host.section([host.snapshot(Date.now(), [0, 0, 0])]))),
      );
      expect([pushes.slice(0, 3), pushes.includes(429)]).toEqual([[200, 200, 200], true]);
      const late = await service.push(push(host.section([])));
      if (late.status === 429) {
        expect(late.headers.get("retry-after")).toMatch(/^\d+$/);
        expect(await late.json()).toMatchObject({ code: "RATE_LIMITED" });
      }
    }));

  test("an address without a good token is, and a good token from there still lets in", () =>
    withService({ SPILLWAY_RATE_LIMIT_STRANGER: "5", SPILLWAY_RATE_LIMIT_SIGN_IN: "2" }, async (service) => {
      const [known, unseen] = [await service.token("read"), await service.token("read")];
      expect((await ask(service, bearer(known))).status).toBe(200);
      expect(await statuses(15, () => ask(service, bearer("guess")))).toContain(429);
      expect(await statuses(15, () => service.push("{}", { token: "guess" }))).toContain(429);
      expect((await ask(service, bearer(known))).status).toBe(200);
      // Whether one that was never seen here is good, is not looked up for such an address.
      expect([200, 429]).toContain((await ask(service, bearer(unseen))).status);
      expect(await statuses(10, () => fetch(`${service.url}/agent.mjs`))).toContain(429);
      // What a load balancer asks is answered whoever else asks.
      expect(await statuses(20, () => fetch(`${service.url}/healthz`))).toEqual(Array(20).fill(200));
      expect(await statuses(20, () => fetch(`${service.url}/readyz`))).toEqual(Array(20).fill(200));
    }));

  test("sign-in is held stricter", () =>
    withService({ SPILLWAY_RATE_LIMIT_SIGN_IN: "3" }, async (service) => {
      const guess = () =>
        fetch(`${service.url}/sign-in`, { method: "POST", body: new URLSearchParams({ token: "guess" }) });
      const seen = await statuses(12, guess);
      expect([seen.slice(0, 3), seen.includes(429)]).toEqual([[401, 401, 401], true]);
    }));
});

describe.skipIf(!hasRedis)("with Redis", () => {
  test("processes count together, and each for itself while Redis is away", async () => {
    const redis = await startRedis();
    const env = { REDIS_URL: redis.url, SPILLWAY_RATE_LIMIT: "8" };
    const [one, two] = [
      await startService({ databaseUrl, role: "serve", env }),
      await startService({ databaseUrl, role: "serve", env }),
    ];
    try {
      const secret = await one.token("read");
      const seen = await statuses(8, () => ask(one, bearer(secret)));
      expect(seen).toEqual(Array(8).fill(200));
      expect(await statuses(12, () => ask(two, bearer(secret)))).toContain(429);
      await redis.stop();
      const another = await one.token("read");
      expect(await statuses(8, () => ask(two, bearer(another)))).toEqual(Array(8).fill(200));
      expect(await statuses(12, () => ask(two, bearer(another)))).toContain(429);
    } finally {
      await Promise.all([one.stop(), two.stop()]);
      await redis.stop().catch(() => undefined);
    }
  });
});

describe("a person whom a proxy names", () => {
  const viewer = async (service: Service, headers: Record<string, string>) => {
    const response = await ask(service, headers, "{ viewer { kind name scopes expiresAt } }");
    return response.status === 200 ? ((await response.json()) as GraphqlAnswer).data.viewer : response.status;
  };

  test("is believed from a trusted address, with the scopes that are set", () =>
    withService(
      {
        SPILLWAY_TRUSTED_PROXIES: "127.0.0.0/8, ::1",
        SPILLWAY_AUTH_PROXY_HEADER: "X-Forwarded-User",
        SPILLWAY_AUTH_PROXY_SCOPES: "read,operate",
      },
      async (service) => {
        const ann = { "x-forwarded-user": "ann" };
        expect(await viewer(service, ann)).toEqual({
          kind: "PROXY",
          name: "ann",
          scopes: ["read", "operate"],
          expiresAt: null,
        });
        // What the proxy itself was shown is not ours to judge; a token is, and it is not saved by a name.
        expect(await viewer(service, { ...ann, authorization: "Basic YW5uOng=" })).toMatchObject({
          name: "ann",
        });
        expect(await viewer(service, { ...ann, authorization: "Bearer wrong" })).toBe(401);
        expect(await viewer(service, { "x-forwarded-user": "ann, root" })).toBe(401);
        const token = bearer(await service.token("read"));
        expect(await viewer(service, { ...ann, ...token })).toMatchObject({ kind: "TOKEN", name: "read" });
        // The proxy's own cookie makes its header: a page of another site must not use it.
        expect(await viewer(service, { ...ann, origin: "https://evil.example" })).toBe(403);
        const changed = await ask(service, ann, `mutation { revokeToken(id: "x") }`);
        expect(await changed.json()).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN" } }] });
        // A push is by token.
        expect((await service.push("{}", { token: null, headers: ann })).status).toBe(401);
      },
    ));

  test("becomes the administrator by the link, and stays whom the link made", () =>
    withService(
      { SPILLWAY_TRUSTED_PROXIES: "127.0.0.0/8, ::1", SPILLWAY_AUTH_PROXY_HEADER: "X-Forwarded-User" },
      async (service) => {
        const ann = { "x-forwarded-user": "ann" };
        const open = async (code: string, headers: Record<string, string>) =>
          fetch(`${service.url}/sign-in?code=${code}`, { headers, redirect: "manual" });
        const link = () => withStore(databaseUrl, ({ db }) => createSignInLink(db, Date.now()));
        const code = await link();
        const opened = await open(code, ann);
        const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
        expect([opened.status, await viewer(service, { ...ann, cookie })]).toMatchObject([
          303,
          { kind: "SESSION", name: "administrator" },
        ]);
        // Used, it says so to whom it does not make anything, and leads on who came by it.
        expect((await open(code, ann)).status).toBe(401);
        const again = await open(await link(), { ...ann, cookie });
        expect([again.status, again.headers.get("set-cookie")]).toEqual([303, null]);
      },
    ));

  test("is nobody from another address, and where no header is set", () =>
    withService(
      { SPILLWAY_TRUSTED_PROXIES: "192.0.2.0/24", SPILLWAY_AUTH_PROXY_HEADER: "X-Forwarded-User" },
      async (service) => {
        expect(await viewer(service, { "x-forwarded-user": "ann", "x-forwarded-for": "192.0.2.1" })).toBe(
          401,
        );
      },
    ));

  test("is counted by the address that the proxy saw, and by the proxy's own when it is not trusted", async () => {
    const from = (address: string) => ({ "x-forwarded-for": address });
    const limit = { SPILLWAY_RATE_LIMIT_STRANGER: "5" };
    await withService({ ...limit, SPILLWAY_TRUSTED_PROXIES: "127.0.0.1" }, async (service) => {
      expect(await statuses(15, () => ask(service, from("198.51.100.1")))).toContain(429);
      expect((await ask(service, from("198.51.100.2"))).status).toBe(401);
    });
    await withService(limit, async (service) => {
      let host = 0;
      expect(await statuses(15, () => ask(service, from(`198.51.100.${++host}`)))).toContain(429);
    });
  });
});

test("no answer shows where in the code it was made", () =>
  withService({}, async (service) => {
    const admin = bearer(await service.token("read", "operate", "admin"));
    const answers = await Promise.all([
      fetch(`${service.url}/%ff`),
      fetch(`${service.url}/v1/%E0%A4%A`, { headers: admin }),
      fetch(`${service.url}/sign-in?code[a]=b`),
      fetch(`${service.url}/nothing`, { method: "PROPFIND", headers: admin }),
      ask(service, admin, "{ node(id: 1) { id } }"),
      ask(service, admin, "query ($x: Int!) { viewer { name } }"),
      fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { ...admin, "content-type": "application/json" },
        body: "[",
      }),
      fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { ...admin, "content-type": "application/json", "content-encoding": "br" },
        body: "x",
      }),
      service.push("{", {}),
      service.push("not gzip", { headers: { "content-encoding": "gzip" } }),
    ]);
    for (const answer of answers) {
      const text = await answer.text();
      expect(text).not.toMatch(/(\n|\\n) +at |file:\/\/|node_modules|\.js:\d|stacktrace/);
      expect([answer.url, answer.status < 500]).toEqual([answer.url, true]);
    }
    await waitFor(
      "the service to be well",
      async () => (await fetch(`${service.url}/readyz`)).status === 200,
    );
  }));
