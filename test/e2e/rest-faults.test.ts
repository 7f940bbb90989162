/** Requests that REST does not answer: each is a problem (RFC 9457) that names what is wrong. */
import { beforeAll, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";

const service = suiteService();
let token: string;

beforeAll(async () => {
  token = await service.token("read");
});

function request(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${service.url}/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
}

test.for([
  ["/trend", 400, /counter: /],
  ["/trend?counter=NoSuchCounter", 404, /NoSuchCounter/],
  ["/trend?counter=ListenOverflows&step=7x", 400, /step: a span of time is written/],
  ["/trend?counter=ListenOverflows&step=90s", 400, /cuts minutes/],
  ["/trend?counter=ListenOverflows&measure=SUM", 400, /measure: /],
  ["/trend?counter=ListenOverflows&last=1h&from=2026-11-22T12:00:00Z", 400, /a range is/],
  ["/trend?counter=ListenOverflows&from=yesterday", 400, /yesterday/],
  ["/trend?counter=ListenOverflows&match=role", 400, /is not a matcher/],
  ["/trend?counter=ListenOverflows&match=role=~(", 400, /is not a regular expression/],
  ["/trend?counter=ListenOverflows&colour=red", 400, /colour/],
  ["/trend?counter=ListenOverflows&format=xml", 400, /there is no "xml": ask for json, rows, ndjson, csv/],
  ["/trend?counter=ListenOverflows&last=30d&step=1m", 422, /11,?000/],
  ["/hosts?first=501", 400, /first: /],
  ["/hosts?after=nonsense", 400, /cursor/],
  ["/hosts/nobody", 404, /there is no host "nobody"/],
  ["/counters/nothing", 404, /there is no counter "nothing"/],
  ["/nothing", 404, /nothing at/],
] as const)("%s is %i, a problem that names it", async ([path, status, detail]) => {
  const response = await request(path);
  expect(response.headers.get("content-type")).toMatch("application/problem+json");
  const problem = await response.json();
  expect(problem).toMatchObject({ type: "about:blank", status, detail: expect.stringMatching(detail) });
  expect(response.status).toBe(status);
});

test("a fault of the method says which there are", async () => {
  const response = await request("/hosts", { method: "PUT" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
});

test("a fault of the caller is told before anything else", async () => {
  expect((await fetch(`${service.url}/v1/trend`)).status).toBe(401);
  const ingest = await service.token("ingest");
  const response = await fetch(`${service.url}/v1/trend`, {
    headers: { authorization: `Bearer ${ingest}` },
  });
  expect(response.status).toBe(403);
});
