/** Documents that GraphQL does not answer: each is told with a code and what to do. */
import { beforeAll, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";

const service = suiteService();

beforeAll(async () => {
  const host = new TestHost({ name: "web-1" });
  await service.pushed(push(host.section([host.snapshot(Date.now(), [1, 2, 3])])));
});

test.each([
  [
    `{ fleet { trend(counter: "NoSuchCounter", range: {last: "1h"}) { values } } }`,
    "NOT_FOUND",
    /`counters` lists those there are/,
  ],
  [
    `{ fleet { trend(counter: "TcpCurrEstab", range: {last: "1h"}) { values } } }`,
    "BAD_REQUEST",
    /is a gauge/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {last: "1h"}, step: "90s") { values } } }`,
    "BAD_REQUEST",
    /ask for 1m or more/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {last: "30d"}, step: "1m") { values } } }`,
    "LIMIT_EXCEEDED",
    /ask for a step of 5m or more/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {last: "1h", to: "2026-01-01T00:00:00Z"}) { values } } }`,
    "BAD_REQUEST",
    /a range is/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z"}) { values } } }`,
    "BAD_REQUEST",
    /empty/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {last: "soon"}) { values } } }`,
    "GRAPHQL_VALIDATION_FAILED",
    /not a span of time/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {from: "yesterday"}) { values } } }`,
    "GRAPHQL_VALIDATION_FAILED",
    /not a time/,
  ],
  [`{ fleet(filter: {labels: [{name: "role", op: RE, value: "("}]}) { hostCount } }`, "BAD_REQUEST", /RE2/],
  [
    `{ fleet { top(counter: "ListenDrops", range: {last: "1h"}, first: 5000) { increase } } }`,
    "BAD_REQUEST",
    /0 to 500/,
  ],
  [
    `{ fleet { trend(counter: "ListenDrops", range: {last: "999999999w"}) { values } } }`,
    "BAD_REQUEST",
    /ten years/,
  ],
  [`{ hosts(first: -1) { totalCount } }`, "BAD_REQUEST", /first: -1/],
  [`{ hosts(after: "x") { totalCount } }`, "BAD_REQUEST", /not a cursor/],
  [`{ host { id } }`, "BAD_REQUEST", /give one of them/],
  [`{ host(id: "web-1") { id } }`, "BAD_REQUEST", /host_ and a UUID/],
  [`{ host(name: "web-1") { latest(namespace: "ns_1") { value } } }`, "NOT_FOUND", /no namespace ns_1/],
  [`{ nonsense }`, "GRAPHQL_VALIDATION_FAILED", /nonsense/],
  [`{`, "GRAPHQL_PARSE_FAILED", /Syntax Error/],
])("%s", async (query, code, message) => {
  const { errors } = await service.graphql(query);
  expect(errors?.[0]).toMatchObject({ extensions: { code }, message: expect.stringMatching(message) });
  expect(JSON.stringify(errors)).not.toContain("stacktrace");
});

test("a host that is not there is null", async () => {
  const { data } = await service.graphql(
    `{ host(name: "nobody") { id } counter(name: "Nonsense") { name } }`,
  );
  expect(data).toEqual({ host: null, counter: null });
});

test.each<[string, Record<string, string>, number]>([
  ["no token", {}, 401],
  ["a wrong token", { authorization: "Bearer wrong" }, 401],
  ["a wrong cookie", { cookie: "spillway_session=wrong" }, 401],
])("with %s nothing is parsed", async (_name, headers, status) => {
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "{",
  });
  expect([response.status, await response.json()]).toMatchObject([status, { code: "UNAUTHENTICATED" }]);
});

test("an agent's token may not read, and a document that is too long is refused", async () => {
  const ask = async (token: string, query: string) =>
    fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query }),
    });
  expect((await ask(await service.token("ingest"), "{ viewer { name } }")).status).toBe(403);
  const reader = await service.token("read");
  expect((await ask(reader, "{ viewer { name } }")).status).toBe(200);
  expect((await ask(reader, `{ ${"viewer { name } ".repeat(1_000)} }`)).status).toBe(400);
  expect((await ask(reader, `{ ${" ".repeat(200_000)} }`)).status).toBe(413);
});
