/** The matrix: every operation and route by every kind of caller, against the table of docs/security.md. */
import { createServer } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import type { Sources } from "../../src/graphql/context.ts";
import { schema } from "../../src/graphql/schema.ts";
import { createGraphqlServer } from "../../src/graphql/server.ts";
import { Access } from "../../src/http/access.ts";
import { createApp } from "../../src/http/app.ts";
import { DASHBOARD_PATHS } from "../../src/http/dashboard.ts";
import { Proxies } from "../../src/http/proxies.ts";
import { RateLimits } from "../../src/http/rate-limits.ts";
import { SYSTEM_ACTOR } from "../../src/store/audit.ts";
import { createSignInLink, redeemSignInLink, signInByToken } from "../../src/store/sessions.ts";
import { createToken, revokeToken } from "../../src/store/token-changes.ts";
import { actorOfToken, SCOPES, type Scope } from "../../src/store/tokens.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { readAccessTable } from "../support/access-table.ts";
import { operationsOf, routesOf } from "../support/operations.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { withStore } from "../support/service.ts";
import { init, rawSocket } from "../support/subscriptions.ts";

/** What a caller shows, and what that is good for. */
interface Caller {
  readonly who: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly scopes: readonly Scope[];
  /** Nobody knows it, so it is told 401 and not 403. */
  readonly stranger?: boolean;
  readonly isBrowser?: boolean;
}

const UNLIMITED = { SPILLWAY_RATE_LIMIT_STRANGER: "0", SPILLWAY_RATE_LIMIT_SIGN_IN: "0" };
const table = readAccessTable();
const operations = operationsOf(schema);
const callers: Caller[] = [];
const service = suiteService({ role: "serve", env: UNLIMITED });

beforeAll(makeCallers);

function makeCallers(): Promise<void> {
  return withStore(service.databaseUrl, async ({ db }) => {
    const now = Date.now();
    const make = (scopes: readonly Scope[], more: { expiresAt?: number; hostPattern?: string } = {}) =>
      createToken(
        db,
        SYSTEM_ACTOR,
        { name: "caller", scopes, expiresAt: null, hostPattern: null, forcedLabels: {}, ...more },
        now,
      );
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
    const cookie = (secret: string) => ({ cookie: `spillway_session=${secret}` });
    const signIn = { address: "127.0.0.1", now };

    for (const scopes of [...subsets(SCOPES)].filter(({ length }) => length > 0)) {
      callers.push({
        who: `a token with ${scopes.join(", ")}`,
        headers: bearer((await make(scopes)).secret),
        scopes,
      });
    }
    const other = await make(["ingest"], { hostPattern: "db-*" });
    callers.push({
      who: "an agent's token for other hosts",
      headers: bearer(other.secret),
      scopes: ["ingest"],
    });

    const reader = await make(["read"]);
    const byToken = await signInByToken(db, actorOfToken(reader.token), signIn);
    const byLink = await redeemSignInLink(db, await createSignInLink(db, now), signIn);
    callers.push(
      { who: "a browser signed in by a token", headers: cookie(byToken), scopes: ["read"], isBrowser: true },
      {
        who: "a browser signed in by a link",
        headers: cookie(byLink ?? ""),
        scopes: ["read", "operate", "admin"],
        isBrowser: true,
      },
    );

    const all = await make(SCOPES);
    const allSession = await signInByToken(db, actorOfToken(all.token), signIn);
    const revoked = await make(SCOPES);
    const revokedSession = await signInByToken(db, actorOfToken(revoked.token), signIn);
    await revokeToken(db, SYSTEM_ACTOR, revoked.token.id, now);
    const expired = await make(SCOPES, { expiresAt: now + 60_000 });
    await db.token.update({ where: { id: expired.token.id }, data: { expiresAt: new Date(now - 1) } });
    const strangers: Record<string, Record<string, string>> = {
      nobody: {},
      "an unknown token": bearer(`${all.secret.slice(0, -1)}${all.secret.endsWith("A") ? "B" : "A"}`),
      "a token's hash": bearer(Buffer.from(all.token.hash).toString("base64url")),
      "a token by another scheme": { authorization: `Basic ${all.secret}` },
      "a token as a cookie": cookie(all.secret),
      "a revoked token": bearer(revoked.secret),
      "an expired token": bearer(expired.secret),
      "a browser whose token was revoked": cookie(revokedSession),
      "a revoked token beside a good cookie": { ...bearer(revoked.secret), ...cookie(allSession) },
      "a person named by a header, not by a trusted proxy": { "x-forwarded-user": "admin" },
    };
    for (const [who, headers] of Object.entries(strangers)) {
      callers.push({ who, headers, scopes: [], stranger: true });
    }
  });
}

function subsets<T>(all: readonly T[]): T[][] {
  return Array.from({ length: 2 ** all.length }, (_, bits) =>
    all.filter((_one, place) => bits & (1 << place)),
  );
}

/** The scopes that an operation needs and a caller has not got. */
function lacks({ scopes }: Caller, operation: string): readonly Scope[] {
  return (table.get(operation) ?? SCOPES).filter((scope) => !scopes.includes(scope));
}

async function appRoutes(): Promise<string[]> {
  const log = createLog("silent");
  const apollo = createGraphqlServer({ httpServer: createServer(), log });
  await apollo.start();
  const limits = new RateLimits({ api: 0, ingest: 0, stranger: 0, signIn: 0 }, null);
  const proxies = new Proxies({ trusted: [], userHeader: null, userScopes: [] });
  const app = createApp({
    // Nothing is asked of it: it is only looked at.
    sources: { system: { version: "0" } } as Sources,
    access: new Access({ actors: {} as Access["actors"], proxies, limits, publicUrl: null }),
    apollo,
    log,
    secure: false,
    metrics: new Metrics(),
    stopping: () => false,
    checks: {},
    reachableUrl: () => null,
  });
  await apollo.stop();
  return routesOf(app);
}

test("every operation and route has a row, and every row is of one", async () => {
  const found = await appRoutes();
  const routes = found.filter((route) => !route.startsWith("USE "));
  // What answers under a path by itself: GraphiQL's files, Apollo, and what only looks on. The rest are routes.
  const mounts = found.filter((route) => route.startsWith("USE ")).sort();
  expect(mounts).toEqual(["USE /graphiql", "USE /graphql", "USE /sign-in", "USE /sign-out", "USE /v1"]);
  const expected = [
    ...routes,
    "POST /v1/snapshots",
    "POST /api/v1/write",
    "POST /v1/metrics",
    "GET /graphiql/main.js",
    "GET /graphql",
    "POST /graphql",
    ...operations.keys(),
  ];
  expect([...table.keys()].sort()).toEqual([...new Set(expected)].sort());
});

/** The status by which a route turns a caller away; null when it does not. */
function refusalOf(caller: Caller, route: string): number | null {
  // A form without a token in it.
  if (route === "POST /sign-in") return 401;
  if (route in PAGES) return lacks(caller, route).length === 0 ? null : (PAGES[route] ?? null);
  // Pushes are by token: a browser is nobody there.
  const isUnknown = caller.stranger === true || (caller.isBrowser === true && PUSHES.includes(route));
  if (isUnknown && table.get(route)?.length !== 0) return 401;
  if (lacks(caller, route).length === 0) return null;
  return 403;
}

/** Taken on the bare server, before there are sessions. */
const PUSHES: readonly string[] = ["POST /v1/snapshots", "POST /api/v1/write", "POST /v1/metrics"];

/** Pages are for people: they are told how to sign in, whoever they are. */
const PAGES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(DASHBOARD_PATHS.map((path) => [`GET ${path}`, 401])),
  "GET /graphiql": 303,
};

describe("routes let in whom the table says, and nobody else", () => {
  const routes = [...table.keys()].filter((operation) => operation.includes(" "));

  test.each(routes)("%s", async (route) => {
    const [method = "", path = ""] = route.split(" ");
    for (const caller of callers) {
      // It would end what the others need: access-browser.test.ts does that.
      if (route === "POST /sign-out" && caller.isBrowser === true) continue;
      const response = await fetch(service.url + path.replaceAll(/:\w+/g, "x"), {
        method,
        redirect: "manual",
        headers: { ...caller.headers, ...(method === "GET" ? {} : { "content-type": "application/json" }) },
        ...(method === "GET" ? {} : { body: "{}" }),
      });
      await response.body?.cancel();
      const refused = [401, 403].includes(response.status) || response.status === PAGES[route];
      expect([caller.who, refused ? response.status : null]).toEqual([caller.who, refusalOf(caller, route)]);
    }
  });
});

describe("operations let in whom the table says, and nobody else", () => {
  // Subscriptions come by WebSocket, and are let in there.
  const asked = [...operations].filter(([operation]) => !operation.startsWith("Subscription."));

  test.each(asked)("%s", async (operation, query) => {
    for (const caller of callers) {
      const response = await fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { ...caller.headers, "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      const answer = (await response.json()) as {
        readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
      };
      const codes = (answer.errors ?? []).map(({ extensions }) => extensions.code);
      const lacking = lacks(caller, operation);
      if (lacking.includes("read")) {
        expect([caller.who, response.status]).toEqual([caller.who, caller.stranger === true ? 401 : 403]);
      } else if (lacking.length > 0) {
        expect([caller.who, codes]).toEqual([caller.who, ["FORBIDDEN"]]);
      } else {
        // It got as far as to look for what was asked, which is nowhere.
        expect([caller.who, response.status]).toEqual([caller.who, 200]);
        expect(codes).not.toContain("FORBIDDEN");
        expect(codes).not.toContain("INTERNAL_SERVER_ERROR");
      }
    }
  });
});

test("subscriptions let in whom the table says, and nobody else", async () => {
  const needs = [...table].filter(([operation]) => operation.startsWith("Subscription."));
  expect(needs.map(([, scopes]) => scopes.join())).toEqual(needs.map(() => "read"));
  for (const caller of callers) {
    const socket = await rawSocket(service, caller.headers);
    socket.send(init());
    const answer = await Promise.race([socket.got("connection_ack"), socket.closed()]);
    const expected = caller.scopes.includes("read") ? undefined : caller.stranger === true ? 4401 : 4403;
    expect([caller.who, answer.code]).toEqual([caller.who, expected]);
    socket.socket.terminate();
  }
});

test("a token behind a node's id is shown to who may see tokens", async () => {
  const ids = await withStore(service.databaseUrl, ({ db }) => db.token.findMany({ take: 1 }));
  const query = `{ node(id: "token_${ids[0]?.id}") { id ... on Token { prefix } } }`;
  for (const [caller, code] of [
    [callers.find(({ scopes }) => scopes.join() === "read"), "FORBIDDEN"],
    [callers.find(({ scopes }) => scopes.join() === "read,admin"), undefined],
  ] as const) {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { ...caller?.headers, "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const answer = (await response.json()) as { errors?: { extensions: { code: string } }[] };
    expect(answer.errors?.[0]?.extensions.code).toBe(code);
  }
});

test("an agent's token pushes for its own hosts, with its own key, and for no other", async () => {
  const { headers = {} } = callers.find(({ who }) => who.startsWith("an agent's token")) ?? {};
  const token = headers.authorization?.slice("Bearer ".length) ?? "";
  const [own, other] = [new TestHost({ name: "db-1" }), new TestHost({ name: "web-1" })];
  const send = async (host: TestHost, more: object = {}) => {
    const section = host.section([host.snapshot(Date.now(), [0, 0, 0])], more);
    const response = await service.push(push(section), { token });
    return ((await response.json()) as { results: { status: string; code?: string }[] }).results[0];
  };
  expect(await send(own)).toEqual({ status: "stored" });
  expect(await send(other)).toMatchObject({
    status: "retry",
    code: "HOST_REFUSED",
    message: expect.stringMatching(/hosts named db-\*, and not for "web-1"/),
  });
  const stolen = new TestHost().key;
  expect(await send(own, { key: stolen })).toMatchObject({ status: "retry", code: "KEY_REFUSED" });
  // Under a name that it may use, the other host is another host: the key is not its.
  await service.pushed(push(other.section([other.snapshot(Date.now(), [0, 0, 0])])));
  expect(await send(other, { key: stolen, name: "db-2" })).toMatchObject({ code: "KEY_REFUSED" });
});
