/** GraphQL over HTTP, as its specification has it and as strangers misuse it, against the running service. */
import fc from "fast-check";
import { serverAudits } from "graphql-http";
import { beforeAll, describe, expect, test } from "vitest";
import { schema } from "../../src/graphql/schema.ts";
import { HOSTILE } from "../support/hostile-documents.ts";
import { suiteService } from "../support/own-database-service.ts";
import { randomDocument } from "../support/random-documents.ts";
import type { GraphqlAnswer } from "../support/service.ts";

// A nightly run asks more in a minute than one token may.
const service = suiteService({ env: { SPILLWAY_RATE_LIMIT: "0" } });
let token: string;

beforeAll(async () => {
  token = await service.token("read");
});

function signed(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(url, { ...init, headers });
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return signed(`${service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const CSRF =
  "a GET that a browser sends for another site without asking first is refused; with the header " +
  "`apollo-require-preflight` it is answered";
const STATUS = "a document that cannot be run is a fault of the request: 400 for either media type";

/** Audits that the service fails on purpose, none of them a MUST, and why. */
const FAILED_ON_PURPOSE: Readonly<Record<string, string>> = {
  "5A70": CSRF,
  D6D5: CSRF,
  "6A70": CSRF,
  "572B": STATUS,
  FDE2: STATUS,
  "7B9B": STATUS,
};

describe("the audits of the GraphQL over HTTP specification", () => {
  const audits = serverAudits({ url: () => `${service.url}/graphql`, fetchFn: signed });

  test.for(audits)("$id $name", async (audit) => {
    const result = await audit.fn();
    if (result.status === "ok") expect(FAILED_ON_PURPOSE).not.toHaveProperty(audit.id);
    else expect(FAILED_ON_PURPOSE, result.reason).toHaveProperty(audit.id);
    if (result.status !== "ok") expect(audit.name).not.toMatch(/^MUST/);
  });
});

test("a GET with the header that no other site can send is answered", async () => {
  const query = encodeURIComponent("query ($n: String!) { counter(name: $n) { name } }");
  const variables = encodeURIComponent(JSON.stringify({ n: "ListenDrops" }));
  const response = await signed(`${service.url}/graphql?query=${query}&variables=${variables}`, {
    headers: { "apollo-require-preflight": "1" },
  });
  expect(await response.json()).toEqual({ data: { counter: { name: "TcpExtListenDrops" } } });
});

/** Documents that cost a careless server seconds; `npm run bench:hostile` says what they cost this one. */
describe("a hostile document is refused with a status of 4xx, and the next caller is served", () => {
  test.for(HOSTILE)("%s", async ([, source]) => {
    const response = await post({ query: source });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    const text = await response.text();
    expect(text).not.toMatch(/ at .*\(|node_modules|INTERNAL/);
    expect((await post({ query: "{ __typename }" })).status).toBe(200);
  });

  test.for([
    ["a list of requests", [{ query: "{ __typename }" }, { query: "{ __typename }" }]],
    ["no query", {}],
    ["a query that is none", { query: 7 }],
    ["variables that are a list", { query: "{ __typename }", variables: [] }],
    ["null", null],
  ] as const)("%s is refused", async ([, body]) => {
    expect((await post(body)).status).toBe(400);
  });

  test("a regular expression that would take a backtracking engine years is answered, or refused", async () => {
    for (const value of ["(a+)+$", "(a|aa)+$", `${"(a?){1000}".repeat(3)}b`, "((a*)*)*x", "a".repeat(600)]) {
      const response = await post({
        query: "query ($m: [LabelMatcher!]) { fleet(filter: {labels: $m}) { hostCount } }",
        variables: { m: [{ name: "role", op: "RE", value }] },
      });
      const { data, errors } = (await response.json()) as GraphqlAnswer;
      if (errors === undefined) expect(data.fleet.hostCount).toBe(0);
      else expect(errors[0]?.extensions.code, value).toBe("BAD_REQUEST");
    }
  });
});

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 300);

test(`${RUNS} documents made of the schema at random crash nothing and are answered`, async () => {
  await fc.assert(
    fc.asyncProperty(randomDocument(schema), async (query) => {
      const response = await post({ query });
      const answer = (await response.json()) as GraphqlAnswer;
      expect(response.status, query).toBeLessThan(500);
      expect(answer.data !== undefined || (answer.errors?.length ?? 0) > 0, query).toBe(true);
      const codes = answer.errors?.map(({ extensions }) => extensions.code) ?? [];
      expect(codes, query).not.toContain("INTERNAL_SERVER_ERROR");
    }),
    { numRuns: RUNS },
  );
  expect((await post({ query: "{ __typename }" })).status).toBe(200);
});
