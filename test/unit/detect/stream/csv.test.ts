import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHeader, KINDS, parseRow } from "../../../../src/detect/stream/csv.ts";

const AT = Date.UTC(2026, 10, 22, 10, 42);

describe("the header", () => {
  test.each([["timestamp,value"], ["Timestamp, Value"], ['"timestamp","value"'], ["\uFEFFtimestamp,value"]])(
    "%s",
    (line) => {
      expect(() => checkHeader(line)).not.toThrow();
    },
  );

  test.each([[""], ["value,timestamp"], ["timestamp,value,score"], ["2026-11-22T10:42:00Z,5"]])(
    "not: %s",
    (line) => {
      expect(() => checkHeader(line)).toThrow(
        /^line 1 is .*, and not the header "timestamp,value": name the two/,
      );
    },
  );
});

test.each([
  ["2026-11-22T10:42:00Z", AT],
  ["2026-11-22 10:42:00", AT],
  ["2026-11-22t10:42:00.250z", AT + 250],
  ["2026-11-22T12:42:00+02:00", AT],
  [`${AT / 1000}`, AT],
  [`${AT / 1000}.5`, AT + 500],
  [`${AT}`, AT],
  ["0", 0],
])("the timestamp %s", (text, at) => {
  expect(parseRow(`${text},1`, 2, "gauge", null).at).toBe(at);
});

test.each([
  ["1", 1],
  ["-1.5", -1.5],
  ["1e3", 1000],
  [".5", 0.5],
  ["18446744073709551615", 18_446_744_073_709_551_615n],
])("the value %s", (text, value) => {
  expect(parseRow(`1,${text}`, 2, "gauge", null)).toMatchObject({ value, valueText: text });
});

test.each([
  ["1", "gauge", /^line 7: 1 fields in "1": each row has a timestamp and a value/],
  ["1,2,3", "gauge", /^line 7: 3 fields/],
  ["yesterday,2", "gauge", /^line 7: "yesterday" is no timestamp: write 2026-11-22T10:42:00Z/],
  ["2026-02-30T00:00:00Z,2", "gauge", /is no timestamp/],
  ["2026-11-22T25:00:00Z,2", "gauge", /is no timestamp/],
  ["99999999999999999999,2", "gauge", /is no timestamp/],
  ["60,", "gauge", /^line 7: "" is no number: leave out rows without a value/],
  ["60,NaN", "gauge", /"NaN" is no number/],
  ["60,0x10", "gauge", /is no number/],
  ["60,1e999", "gauge", /is no number/],
  ["60,-3", "count", /^line 7: -3 is below 0, which a count never is: give --kind gauge/],
  ["60,-3", "counter", /which a counter never is/],
  ["50,1", "gauge", /^line 7: "50" is not after the row before it: sort the rows by time/],
] as const)("the row %s of a %s", (line, kind, message) => {
  expect(() => parseRow(line, 7, kind, 50_000)).toThrow(message);
});

test("any line is a row or a fault with its number, and never a value that is no number", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.string(), fc.string()).map((two) => two.join(",")),
      ),
      fc.constantFrom(...KINDS),
      (line, kind) => {
        try {
          const { at, value } = parseRow(line, 3, kind, null);
          expect(Number.isFinite(at) && Number.isFinite(Number(value))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(/^line 3: /);
        }
      },
    ),
  );
});
