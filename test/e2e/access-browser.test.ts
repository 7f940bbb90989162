/** A person with a browser: signing in and out, and what pages of other sites cannot do with the cookie. */
import { describe, expect, test } from "vitest";
import { hasChromium, openBrowser } from "../support/browser.ts";
import { suiteService } from "../support/own-database-service.ts";
import type { GraphqlAnswer } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService({ role: "serve", env: { SPILLWAY_RATE_LIMIT_SIGN_IN: "0" } });

/** Sends the form of /sign-in. */
function signIn(token: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ token }).toString(),
  });
}

/** The cookie of a browser that has just signed in. */
async function cookieOf(token: string): Promise<Record<string, string>> {
  const response = await signIn(token);
  expect([response.status, response.headers.get("location")]).toEqual([303, "/"]);
  return { cookie: (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
}

function graphql(headers: Record<string, string>, query: string): Promise<Response> {
  return fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query }),
  });
}

describe("signing in by a token", () => {
  test("is a form that a stranger gets, under the strict policy", async () => {
    const response = await fetch(`${service.url}/sign-in`);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toMatch(/<form method="post" action="\/sign-in">[\s\S]*name="token" type="password"/);
    expect(text).not.toMatch(/<script|style=|\son\w+=/);
    expect(response.headers.get("content-security-policy")).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
        "form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    // With "no-referrer" the form would tell no origin.
    expect(response.headers.get("referrer-policy")).toBe("same-origin");
  });

  test("gives a cookie that scripts and other sites do not get, and the name and scopes of the token", async () => {
    const response = await signIn(await service.token("read", "operate"));
    expect(response.headers.get("set-cookie")).toMatch(
      /^spillway_session=[\w-]{43}; Max-Age=2592000; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    const session = await cookieOf(await service.token("read", "operate"));
    const answer = (await (
      await graphql(session, "{ viewer { kind name scopes expiresAt } }")
    ).json()) as GraphqlAnswer;
    expect(answer.data.viewer).toEqual({
      kind: "SESSION",
      name: "read+operate",
      scopes: ["read", "operate"],
      expiresAt: expect.stringMatching(/^20/),
    });
  });

  test("leads back to the page that was asked for, and to none of another service", async () => {
    const asked = await fetch(`${service.url}/incidents/7?tz=utc`);
    expect([asked.status, await asked.text()]).toEqual([
      401,
      expect.stringContaining('href="/sign-in?next=%2Fincidents%2F7%3Ftz%3Dutc"'),
    ]);
    const form = await (await fetch(`${service.url}/sign-in?next=%2Fhosts%3Fq%3D%22`)).text();
    expect(form).toContain('name="next" value="/hosts?q=%22"');
    const secret = await service.token("read");
    for (const [next, leads] of [
      ["/incidents/7?tz=utc", "/incidents/7?tz=utc"],
      ["https://evil.example/x", "/"],
      ["//evil.example/x", "/"],
      ["/\\evil.example", "/"],
      ["/%09//evil.example".replace("%09", "\t"), "/"],
      ["/.//evil.example", "/"],
      ["javascript:alert(1)", "/"],
      [`/${"x".repeat(500)}`, "/"],
    ] as const) {
      const response = await fetch(`${service.url}/sign-in`, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ token: secret, next }).toString(),
      });
      expect([next, response.headers.get("location")]).toEqual([next, leads]);
    }
  });

  test("that does not hold, or may not read, is refused in words that do not repeat it", async () => {
    const ingest = await service.token("ingest");
    for (const [token, status, words] of [
      ["spw_unknown<b>", 401, /unknown, revoked or expired/],
      ["", 401, /unknown, revoked or expired/],
      [ingest, 403, /may not read/],
    ] as const) {
      const response = await signIn(token);
      const text = await response.text();
      expect([response.status, text]).toEqual([status, expect.stringMatching(words)]);
      expect(response.headers.get("set-cookie")).toBeNull();
      if (token !== "") expect(text).not.toContain(token);
    }
    const form = (body: string, type = "application/x-www-form-urlencoded") =>
      fetch(`${service.url}/sign-in`, { method: "POST", headers: { "content-type": type }, body });
    expect((await form(`token=${"x".repeat(3_000)}`)).status).toBe(413);
    expect((await form("token[a]=b")).status).toBe(401);
    expect((await form('{"token": "x"}', "application/json")).status).toBe(401);
  });

  test("lasts as long as the token", async () => {
    const secret = await service.token("read");
    const session = await cookieOf(secret);
    const { data } = await service.graphql("{ tokens { id prefix } }");
    const { id } = data.tokens.find(({ prefix }: { prefix: string }) => secret.startsWith(prefix));
    await service.graphql(`mutation { revokeToken(id: "${id}") }`);
    await waitFor(
      "the session to have ended",
      async () => (await graphql(session, "{ viewer { name } }")).status === 401,
    );
  });

  test("and out ends the session, and both are in the audit log", async () => {
    const session = await cookieOf(await service.token("read"));
    const out = await fetch(`${service.url}/sign-out`, {
      method: "POST",
      headers: session,
      redirect: "manual",
    });
    expect([out.status, out.headers.get("set-cookie")]).toEqual([
      303,
      expect.stringMatching(/^spillway_session=;/),
    ]);
    await waitFor(
      "the session to have ended",
      async () => (await graphql(session, "{ viewer { name } }")).status === 401,
    );
    const { data } = await service.graphql(
      "{ audit(first: 2) { edges { node { actor actorKind action details } } } }",
    );
    expect(data.audit.edges.map(({ node }: { node: object }) => node)).toEqual([
      { actor: "read", actorKind: "SESSION", action: "session.end", details: {} },
      {
        actor: "read",
        actorKind: "SESSION",
        action: "session.create",
        details: { by: "token", address: "127.0.0.1" },
      },
    ]);
  });
});

describe("a page of another site", () => {
  const foreign = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];

  test("can change nothing by the cookie of a browser, and not sign it in or out", async () => {
    const secret = await service.token("read", "admin");
    const session = await cookieOf(secret);
    const change = `mutation { createToken(input: {name: "forged", scopes: ["read"]}) { secret } }`;
    for (const headers of foreign) {
      expect((await graphql({ ...session, ...headers }, change)).status).toBe(403);
      expect((await signIn(secret, headers)).status).toBe(403);
      const out = await fetch(`${service.url}/sign-out`, {
        method: "POST",
        headers: { ...session, ...headers },
      });
      expect([out.status, await out.json()]).toEqual([403, expect.objectContaining({ code: "FORBIDDEN" })]);
    }
    const { data } = await service.graphql("{ tokens { name } }");
    expect(data.tokens.map(({ name }: { name: string }) => name)).not.toContain("forged");
    expect((await graphql({ ...session, origin: service.url }, change)).status).toBe(200);
    // A token is no cookie: whoever sends it means it.
    const bearer = { authorization: `Bearer ${secret}`, origin: "https://evil.example" };
    expect((await graphql(bearer, "{ viewer { name } }")).status).toBe(200);
  });

  test("cannot have a form or a link ask GraphQL, and reads no answer", async () => {
    const session = await cookieOf(await service.token("read", "admin"));
    const query = encodeURIComponent("{ viewer { name } }");
    const byLink = await fetch(`${service.url}/graphql?query=${query}`, { headers: session });
    expect([byLink.status, await byLink.text()]).toEqual([400, expect.stringContaining("CSRF")]);
    expect(byLink.headers.get("access-control-allow-origin")).toBeNull();
    const change = encodeURIComponent(`mutation { revokeToken(id: "x") }`);
    const byGet = await fetch(`${service.url}/graphql?query=${change}`, {
      headers: { ...session, "apollo-require-preflight": "1" },
    });
    expect(byGet.status).toBe(405);
    const byForm = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { ...session, "content-type": "text/plain" },
      body: JSON.stringify({ query: "{ viewer { name } }" }),
    });
    expect(byForm.status).toBeGreaterThanOrEqual(400);
  });
});

test.runIf(hasChromium).each([
  ["", false],
  // Over plain HTTP to another name than loopback's, browsers say no Sec-Fetch-Site.
  ["spillway.test", true],
])("a real browser at %j signs in by the form, with scripts: %s, and signs out", async (host, scripts) => {
  const url = new URL(service.url);
  if (host !== "") url.hostname = host;
  const visit = await openBrowser(url.href, {
    javaScriptEnabled: scripts,
    args: ["--host-resolver-rules=MAP spillway.test 127.0.0.1"],
  });
  try {
    const { page, context } = visit;
    await page.goto(new URL("/sign-in", url).href);
    await page.fill("#token", "spw_wrong");
    await page.click("button");
    expect(await page.textContent("[role=alert]")).toContain("unknown, revoked or expired");
    await page.fill("#token", await service.token("read"));
    await page.click("button");
    await page.waitForSelector(scripts ? "text=No host has reported yet" : "noscript h1");
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: "spillway_session", httpOnly: true, sameSite: "Lax", path: "/" });
    await page.click('form[action="/sign-out"] button');
    await page.waitForSelector('a[href="/sign-in"]');
    expect(await context.cookies()).toEqual([]);
    expect(visit.faults.filter((fault) => /Content Security Policy/.test(fault))).toEqual([]);
    expect(visit.strangers).toEqual([]);
  } finally {
    await visit.close();
  }
});
