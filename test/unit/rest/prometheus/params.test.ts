import type { Request } from "express";
import { expect, test } from "vitest";
import { paramsOf, timeParam } from "../../../../src/rest/prometheus/params.ts";

const told = (text: string) => timeParam(new Map([["time", [text]]]), "time");

test.each([
  ["1795694400", 1_795_694_400_000],
  ["1795694400.5", 1_795_694_400_500],
  ["2026-11-26T12:00:00Z", Date.UTC(2026, 10, 26, 12)],
  ["2026-11-26T12:00:00.25+02:00", Date.UTC(2026, 10, 26, 10, 0, 0, 250)],
])("the time %s", (text, ms) => {
  expect(told(text)).toBe(ms);
});

test.each(["2026-11-26T12:00:00", "Nov 26 2026", "2026-11-26", "2026-13-26T12:00:00Z", "1e9", ""])(
  "%s is no time, whatever zone the service is in",
  (text) => {
    expect(() => told(text)).toThrow(/time: .*(is no time|it is missing)/);
  },
);

test("a question mark within the query is of the query", () => {
  const originalUrl = '/api/v1/query?query=x{instance=~"web-1?"}&time=1';
  const params = paramsOf({ originalUrl } as Request);
  expect([params.get("query"), params.get("time")]).toEqual([['x{instance=~"web-1?"}'], ["1"]]);
});
