import fc from "fast-check";
import { expect, test } from "vitest";
import { judge, parseRetryAfter } from "../../../agent/verdict.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const result = { status: "stored" };
const config = { intervalMs: 10_000, jitterMs: 500 };

function reply(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { kind: "status", status, headers, text } as const;
}

test("a 200 with a result for each snapshot is an answer", () => {
  const verdict = judge(reply(200, { time: NOW, results: [result, result], config }), 2, NOW);
  expect(verdict).toEqual({
    kind: "answered",
    answer: {
      time: NOW,
      results: [
        { status: "stored", code: "", message: "" },
        { status: "stored", code: "", message: "" },
      ],
      config,
    },
  });
});

test.each([
  [
    "what a newer service adds is ignored",
    { time: NOW, results: [{ ...result, id: 7 }], config, more: true },
  ],
  ["a missing wish changes nothing", { time: NOW, results: [result] }],
  ["a wish of another form changes nothing", { time: NOW, results: [result], config: { intervalMs: "10s" } }],
  ["a code that this agent does not know", { time: NOW, results: [{ status: "rejected", code: "NEW" }] }],
])("still an answer: %s", (_case, body) => {
  expect(judge(reply(200, body), 1, NOW).kind).toBe("answered");
});

test.each([
  ["a login page", "<html>Please sign in</html>"],
  ["an empty body", ""],
  ["another service's JSON", { ok: true }],
  ["a list", []],
  ["null", "null"],
  ["fewer results than snapshots", { time: NOW, results: [], config }],
  ["more results than snapshots", { time: NOW, results: [result, result], config }],
  ["a status that this agent does not know", { time: NOW, results: [{ status: "burnt" }], config }],
  ["a result that is none", { time: NOW, results: [null], config }],
  ["no time", { results: [result], config }],
  ["a time that is no moment", { time: -1, results: [result], config }],
])("a 200 that is not our answer deletes nothing: %s", (_case, body) => {
  expect(judge(reply(200, body), 1, NOW)).toMatchObject({ kind: "later" });
});

const problem = { status: 0, code: "SOME_CODE", title: "Some title", detail: "some detail" };

test.each([
  [400, "malformed"],
  [401, "unauthorized"],
  [403, "unauthorized"],
  [404, "later"],
  [405, "later"],
  [408, "later"],
  [410, "later"],
  [413, "too_large"],
  [415, "later"],
  [429, "later"],
  [500, "later"],
  [502, "later"],
  [503, "later"],
  [301, "later"],
  [304, "later"],
  [307, "later"],
  [201, "later"],
  [204, "later"],
  [101, "later"],
])("%d means %s, and keeps everything", (status, kind) => {
  expect(judge(reply(status, problem, { location: "https://elsewhere.example" }), 1, NOW).kind).toBe(kind);
});

test.each([
  ["code and detail of a problem", reply(503, problem), "503 SOME_CODE: some detail"],
  ["its title where it has no detail", reply(503, { title: "Overloaded" }), "503 Overloaded"],
  ["what a proxy says", reply(502, "<h1>Bad\nGateway</h1>"), "502 <h1>Bad Gateway</h1>"],
  ["the status alone", reply(500, ""), "500"],
  [
    "where a redirect leads",
    reply(302, "", { location: "https://b.example/" }),
    "302, a redirect to https://b.example/, which is not followed: set --server to the final address",
  ],
])("the reason tells %s", (_case, given, reason) => {
  expect(judge(given, 1, NOW)).toMatchObject({ reason });
});

test("no network is told by its reason", () => {
  const failed = { kind: "failed", reason: "connect ECONNREFUSED 127.0.0.1:4000" } as const;
  expect(judge(failed, 1, NOW)).toEqual({ kind: "unreachable", reason: failed.reason, retryAfterMs: 0 });
});

test.each([
  ["seconds", "7", 7_000],
  ["a date", "Sun, 22 Nov 2026 12:00:30 GMT", 30_000],
  ["a date that is over", "Sun, 22 Nov 2026 11:00:00 GMT", 0],
  ["a day is taken as an hour", "86400", 3_600_000],
  ["nonsense", "soon", 0],
  ["nothing", undefined, 0],
])("Retry-After as %s", (_case, value, ms) => {
  expect(parseRetryAfter(value, NOW)).toBe(ms);
});

test("any reply is one of the known verdicts, and only our answer is answered", () => {
  const body = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), body, (status, text) => {
      expect(judge(reply(status, text), 1, NOW).kind).not.toBe("answered");
    }),
  );
});
