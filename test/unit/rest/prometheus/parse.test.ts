import fc from "fast-check";
import { expect, test } from "vitest";
import { SpillwayError } from "../../../../src/errors.ts";
import { parsePromDuration } from "../../../../src/rest/prometheus/durations.ts";
import { parseQuery, parseSelector } from "../../../../src/rest/prometheus/parse.ts";
import { unquote } from "../../../../src/rest/prometheus/strings.ts";

const OVERFLOWS = { type: "selector", metric: "node_netstat_TcpExt_ListenOverflows", matchers: [] };
const ALL = { except: true, names: [] };

function faultOf(query: string): string {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof SpillwayError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no fault";
}

test("a selector has a metric, by its name or as a label, and matchers", () => {
  expect(parseQuery('m{a="1", b!="2", c=~"3.*", d!~`4\\d`,}')).toEqual({
    type: "selector",
    metric: "m",
    matchers: [
      { name: "a", op: "EQ", value: "1" },
      { name: "b", op: "NE", value: "2" },
      { name: "c", op: "RE", value: "3.*" },
      { name: "d", op: "NRE", value: "4\\d" },
    ],
  });
  expect(parseQuery('{__name__="m", a="1"}')).toMatchObject({ metric: "m", matchers: [{ name: "a" }] });
  expect(parseQuery('{"m", a="1"}')).toMatchObject({ metric: "m", matchers: [{ name: "a" }] });
});

test("what is matched may leave the metric open, or have a pattern for it", () => {
  expect(parseSelector('{__name__=~".+", a="1"}')).toEqual({
    names: [{ name: "__name__", op: "RE", value: ".+" }],
    matchers: [{ name: "a", op: "EQ", value: "1" }],
  });
  expect(parseSelector('m{__name__!="n"}').names).toEqual([
    { name: "__name__", op: "EQ", value: "m" },
    { name: "__name__", op: "NE", value: "n" },
  ]);
  expect(parseSelector('{a!=""}')).toEqual({ names: [], matchers: [{ name: "a", op: "NE", value: "" }] });
  for (const text of ["1+1", "rate(m[5m])", "(m)", "m[5m]", "", "m{"])
    expect(() => parseSelector(text), text).toThrow(SpillwayError);
});

test("a selector has no more matchers than any filter", () => {
  const matched = (times: number) => `m{${Array.from({ length: times }, () => 'a=~"1.*"').join(",")}}`;
  expect(faultOf(matched(19))).toBe("no fault");
  expect(faultOf(matched(20))).toBe(
    'BAD_REQUEST: 21 matchers; at most 20 are taken in one filter: match one label by RE "a|b|c" instead of by many',
  );
  expect(() => parseSelector(matched(20))).toThrow(/^21 matchers/);
});

test("rates have a window, in durations or seconds", () => {
  const windowOf = (query: string) => (parseQuery(query) as { windowMs?: number }).windowMs;
  expect(parseQuery("rate(node_netstat_TcpExt_ListenOverflows[5m])")).toEqual({
    type: "call",
    name: "rate",
    of: OVERFLOWS,
    windowMs: 300_000,
  });
  expect(windowOf("increase(m[1h30m])")).toBe(5_400_000);
  expect(windowOf("irate(m[90])")).toBe(90_000);
});

test("aggregations take by and without, before or after", () => {
  const by = { except: false, names: ["role", "region"] };
  expect(parseQuery("sum by (role, region) (m)")).toMatchObject({ op: "sum", labels: by, k: null });
  expect(parseQuery("sum(m) by (role, region)")).toMatchObject({ op: "sum", labels: by });
  expect(parseQuery("avg without (instance) (m)")).toMatchObject({
    labels: { except: true, names: ["instance"] },
  });
  expect(parseQuery("max(m)")).toMatchObject({ op: "max", labels: { except: false, names: [] } });
  expect(parseQuery("topk(5, m)")).toMatchObject({ op: "topk", k: 5, of: { type: "selector" } });
});

test("operators bind as Prometheus has them", () => {
  const number = (value: number) => ({ type: "number", value });
  const sum = { type: "binary", op: "+", left: number(1), bool: false, matching: ALL };
  expect(parseQuery("1 + 2 * 3")).toMatchObject({
    ...sum,
    right: { op: "*", left: number(2), right: number(3) },
  });
  expect(parseQuery("(1 + 2) * 3")).toMatchObject({ op: "*", left: sum, right: number(3) });
  expect(parseQuery("2 ^ 3 ^ 2")).toMatchObject({ op: "^", left: number(2), right: { op: "^" } });
  expect(parseQuery("-2 ^ 2")).toMatchObject({ type: "negate", of: { op: "^", left: number(2) } });
  expect(parseQuery("m > bool 1")).toMatchObject({ op: ">", bool: true });
  expect(parseQuery("a / on (x) b")).toMatchObject({ matching: { except: false, names: ["x"] } });
  expect(parseQuery("a / ignoring (x) b")).toMatchObject({ matching: { except: true, names: ["x"] } });
});

test.each([
  ["1e3", 1_000],
  ["0x1F", 31],
  ["0755", 493],
  ["1_000", 1_000],
  [".5", 0.5],
  ["-Inf", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
  ["5m", 300],
])("%s is a number", (query, value) => {
  expect(parseQuery(query)).toEqual({ type: "number", value });
});

test.each([
  ["", /^BAD_REQUEST: .*(empty|fault)/],
  ["1 +", /^BAD_REQUEST: .*character 4/],
  ["rate(m[5m)", /^BAD_REQUEST: .*fault at character/],
  ["rate(m)", /^BAD_REQUEST: .*rate takes a range/],
  ["m[5m]", /^BAD_REQUEST: .*ask for the rate or increase/],
  ["rate(m[0s])", /^BAD_REQUEST: .*"0s" is no duration/],
  ["sum(a, b)", /^BAD_REQUEST: .*sum takes one vector, and was given 2/],
  ["topk(m)", /^BAD_REQUEST: .*topk takes a number and a vector/],
  ["1 + bool 2", /^BAD_REQUEST/],
  ["x".repeat(10_001), /^BAD_REQUEST: .*10001 characters; at most 10000/],
  [`${"(".repeat(200)}1${")".repeat(200)}`, /^BAD_REQUEST: .*more than 100 parts/],
  ["histogram_quantile(0.9, m)", /^NOT_SUPPORTED: .*"histogram_quantile" is not answered/],
  ["m offset 5m", /^NOT_SUPPORTED: .*OffsetExpr/],
  ["rate(m[5m] offset 5m)", /^NOT_SUPPORTED: .*OffsetExpr/],
  ["max_over_time(m[5m])", /^NOT_SUPPORTED: .*"max_over_time"/],
  ["rate(m[5m:1m])", /^NOT_SUPPORTED: .*SubqueryExpr/],
  ["m @ end()", /^NOT_SUPPORTED: .*StepInvariantExpr/],
  ["quantile(0.9, m)", /^NOT_SUPPORTED: .*the aggregation "quantile"/],
  ["a and b", /^NOT_SUPPORTED: .*"and"/],
  ["a / on (x) group_left b", /^NOT_SUPPORTED: .*group_left/],
  ['{__name__=~"m.*"}', /^NOT_SUPPORTED: .*pattern for the name/],
  ['{a="1"}', /^NOT_SUPPORTED: .*without a metric/],
  ["topk(scalar(m), m)", /^NOT_SUPPORTED: .*topk of a number/],
  ['"text"', /^NOT_SUPPORTED: .*StringLiteral/],
])("%s is refused, and the fault named", (query, fault) => {
  expect(faultOf(query)).toMatch(fault);
});

test("no text makes the reader throw anything but its own faults", () => {
  const word = fc.constantFrom(
    ..."sum rate increase topk by without on ignoring bool m a [5m] [ ] ( ) { } , + - * / ^ % == != > < =~ 5m 1 \"x\" 'y' `z` \\ offset @ and".split(
      " ",
    ),
    "\u0000",
    "é",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 30 }).map((words) => words.join(" ")),
      ),
      (query) => {
        expect(faultOf(query)).toMatch(/^(BAD_REQUEST|NOT_SUPPORTED): |^no fault$/);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("strings have Go's escapes, and in backquotes none", () => {
  expect(unquote('"a\\n\\"\\x41\\u00e9\\U0001F600\\101"')).toBe('a\n"Aé😀A');
  expect(unquote("'it\\'s'")).toBe("it's");
  expect(unquote("`\\d+`")).toBe("\\d+");
  expect(unquote('"\\q"')).toBeNull();
  expect(unquote('"\\UFFFFFFFF"')).toBeNull();
});

test.each([
  ["1h30m", 5_400_000],
  ["1y2w3d4h5m6s7ms", 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_400_000 + 300_000 + 6_000 + 7],
  ["15", 15_000],
  ["0.5", 500],
  ["0", null],
  ["", null],
  ["5m1h", null],
  ["1.5h", null],
  ["-5m", null],
])("the duration %s", (text, ms) => {
  expect(parsePromDuration(text)).toBe(ms);
});
