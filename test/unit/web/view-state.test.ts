import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refreshMs } from "../../../web/dashboard/view/refresh.ts";
import {
  momentsOf,
  parseView,
  pinned,
  printView,
  rangeAt,
  rangeInput,
  stepOf,
  type ViewState,
  zoomed,
} from "../../../web/dashboard/view/state.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const HOUR_MS = 3_600_000;
const DEFAULT: ViewState = {
  range: { kind: "last", last: "1h" },
  zone: "local",
  search: "",
  matchers: [],
  groupBy: null,
};

describe("a view in the URL", () => {
  test("that says nothing is the default, which needs no word", () => {
    expect(parseView("")).toEqual(DEFAULT);
    expect(printView(DEFAULT)).toBe("");
  });

  test("is read back as it was written, whatever is in it", () => {
    const word = fc.string({ minLength: 1, maxLength: 30 });
    const view = fc.record({
      range: fc.oneof(
        fc.constantFrom("15m", "1h", "24h", "30d").map((last) => ({ kind: "last" as const, last })),
        fc
          .tuple(fc.integer({ min: 0, max: NOW }), fc.integer({ min: 60_000, max: 90 * 24 * HOUR_MS }))
          .map(([from, length]) => ({ kind: "pinned" as const, from, to: from + length })),
      ),
      zone: fc.constantFrom("utc" as const, "local" as const),
      search: word,
      matchers: fc.array(
        fc.record({
          name: fc.stringMatching(/^[a-z_][a-z0-9_.]{0,10}$/),
          op: fc.constantFrom("EQ" as const, "NE" as const, "RE" as const, "NRE" as const),
          value: fc.string({ maxLength: 30 }),
        }),
        { maxLength: 5 },
      ),
      groupBy: fc.option(word),
    });
    fc.assert(
      fc.property(view, (state) => {
        expect(parseView(printView(state))).toEqual(state);
      }),
    );
  });

  test("never fails over what somebody typed", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const view = parseView(text);
        expect(parseView(printView(view))).toEqual(view);
      }),
    );
  });

  test.each([
    "range=5x",
    "range=1s",
    "range=401d",
    "from=2026-11-26T10:00:00Z",
    "from=x&to=y",
    "from=2026-11-26T10:00:00Z&to=2026-11-26T09:00:00Z",
    "from=2025-10-01T10:00:00Z&to=2026-11-26T09:00:00Z",
  ])("shows the last hour where the range is none: %s", (search) => {
    expect(parseView(search).range).toEqual({ kind: "last", last: "1h" });
  });

  test("keeps what pages have put beside it", () => {
    expect(printView({ ...DEFAULT, zone: "utc" }, "?worst=LISTENER&tz=local&q=old")).toBe(
      "worst=LISTENER&tz=utc",
    );
  });
});

test("a range that moves is pinned when it is shared, to the second", () => {
  const shared = pinned({ ...DEFAULT, range: { kind: "last", last: "6h" } }, NOW + 123);
  expect(shared.range).toEqual({ kind: "pinned", from: NOW - 6 * HOUR_MS, to: NOW });
  expect(pinned(shared, NOW + HOUR_MS)).toEqual(shared);
});

test("a range is given to the API as it is meant", () => {
  expect(rangeInput({ kind: "last", last: "7d" })).toEqual({ last: "7d" });
  expect(rangeInput({ kind: "pinned", from: NOW - HOUR_MS, to: NOW })).toEqual({
    from: "2026-11-26T11:00:00.000Z",
    to: "2026-11-26T12:00:00.000Z",
  });
  expect(rangeAt({ kind: "last", last: "1h" }, NOW)).toEqual({ from: NOW - HOUR_MS, to: NOW });
});

test("a drag over a plot asks for what it spans, and for five minutes at least", () => {
  expect(zoomed(NOW - HOUR_MS, NOW)).toEqual({ kind: "pinned", from: NOW - HOUR_MS, to: NOW });
  expect(zoomed(NOW - 1_000, NOW + 1_000)).toEqual({
    kind: "pinned",
    from: NOW - 150_000,
    to: NOW + 150_000,
  });
  expect(zoomed(NOW, NOW)).toBeNull();
});

test.each([
  [{ kind: "last", last: "24h" }, null],
  [{ kind: "last", last: "7d" }, "1h"],
  [{ kind: "pinned", from: 0, to: 3_600_000 }, null],
  [{ kind: "pinned", from: 0, to: 30 * 86_400_000 }, "1h"],
] as const)("the step of %o is %s", (range, step) => {
  expect(stepOf(range)).toBe(step);
});

test("the API's form of a range says which moments it meant when it was answered", () => {
  expect(momentsOf({ last: "1h" }, 5_000_000)).toEqual({ from: 1_400_000, to: 5_000_000 });
  const from = "1970-01-01T00:01:00.000Z";
  expect(momentsOf({ from, to: "1970-01-01T00:02:00.000Z" }, 5_000_000)).toEqual({
    from: 60_000,
    to: 120_000,
  });
  expect(momentsOf({ from }, 5_000_000)).toEqual({ from: 60_000, to: 5_000_000 });
});

test("a pinned range is asked for anew until its end has filled, and one that is long over never", () => {
  const range = { kind: "pinned", from: 0, to: 3_600_000 } as const;
  expect(refreshMs(range, 3_500_000)).toBeGreaterThan(0);
  expect(refreshMs(range, 3_600_000 + 119_999)).toBeGreaterThan(0);
  expect(refreshMs(range, 3_600_000 + 120_000)).toBe(0);
  expect(refreshMs({ kind: "last", last: "15m" }, 0)).toBe(5_000);
});
