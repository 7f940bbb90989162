/** What is wrong with a push as a whole is an answer with a code and a sentence. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";

const service = suiteService();
const host = new TestHost();
const body = () => push(host.section([host.snapshot(Date.now(), [1, 2, 3])]));
const pad = (bytes: number) => `${JSON.stringify(body()).slice(0, -1)},"pad":"${" ".repeat(bytes)}"}`;

test.each<[string, () => Promise<Response>, number, string, RegExp]>([
  ["JSON that is none", () => service.push("{"), 400, "BAD_REQUEST", /not JSON/],
  ["JSON of another shape", () => service.push([]), 400, "BAD_REQUEST", /protocol/],
  [
    "no snapshots",
    () => service.push({ ...body(), hosts: [{}] }),
    400,
    "BAD_REQUEST",
    /hosts\[0\].snapshots/,
  ],
  [
    "another protocol",
    () => service.push({ ...body(), protocol: 9 }),
    400,
    "BAD_REQUEST",
    /speaks version 1/,
  ],
  ["no token", () => service.push(body(), { token: null }), 401, "UNAUTHENTICATED", /Authorization: Bearer/],
  [
    "an unknown token",
    () => service.push(body(), { token: "spw_wrong" }),
    401,
    "UNAUTHENTICATED",
    /unknown, revoked or expired/,
  ],
  [
    "a token that may only read",
    async () => service.push(body(), { token: await service.token("read") }),
    403,
    "FORBIDDEN",
    /this needs "ingest"/,
  ],
  ["a body over the limit", () => service.push(pad(1_100_000)), 413, "PAYLOAD_TOO_LARGE", /1048576/],
  [
    "a gzip bomb",
    () => service.push(pad(50_000_000), { gzip: true }),
    413,
    "PAYLOAD_TOO_LARGE",
    /decompressed/,
  ],
  [
    "gzip that is none",
    () => service.push("plain", { headers: { "content-encoding": "gzip" } }),
    400,
    "BAD_REQUEST",
    /not valid gzip/,
  ],
  [
    "brotli",
    () => service.push(body(), { headers: { "content-encoding": "br" } }),
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    /send gzip/,
  ],
  [
    "text",
    () => service.push(body(), { headers: { "content-type": "text/plain" } }),
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    /application\/json/,
  ],
  ["GET", () => service.push(null, { method: "GET" }), 405, "METHOD_NOT_ALLOWED", /push with POST/],
])("%s", async (_name, send, status, code, detail) => {
  const response = await send();
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
  expect((await service.push(body())).status).toBe(200);
});

test("gzip is taken", async () => {
  expect(
    (await service.push(gzipSync(JSON.stringify(body())), { headers: { "content-encoding": "gzip" } }))
      .status,
  ).toBe(200);
});
