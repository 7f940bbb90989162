import { expect, test } from "vitest";
import { type Acquaintance, KnownOutliers } from "../../../../src/detect/detectors/known-outliers.ts";

const WINDOW = 300_000;
const HOUR = 12;

/** What is said of one name over windows of 5 min, `x` where it differs; each by what was stored before. */
function seen(pattern: string): (Acquaintance | null)[] {
  let stored = {};
  return [...pattern].map((mark, index) => {
    const known = new KnownOutliers(stored);
    const window = { from: index * WINDOW, to: (index + 1) * WINDOW };
    const said = mark === "x" ? known.see("web-1", window) : null;
    known.forget(window.to);
    stored = known.all;
    return said;
  });
}

test("a difference is new once, and known as long as it is news", () => {
  expect(seen("xxx")).toEqual(["new", "known", "known"]);
});

test("one that lasts for more than six hours is how it is", () => {
  const said = seen("x".repeat(6 * HOUR + 1));
  expect(said.at(-2)).toBe("known");
  expect(said.at(-1)).toBe("accepted");
});

test("one that comes again within the hour is the same, and later another", () => {
  expect(seen(`x${".".repeat(HOUR - 1)}x`).at(-1)).toBe("known");
  expect(seen(`x${".".repeat(HOUR)}x`).at(-1)).toBe("new");
});

test("one that was accepted stays so over a night, and is news after a day", () => {
  const accepted = "x".repeat(6 * HOUR + 1);
  expect(seen(`${accepted}${".".repeat(23 * HOUR)}x`).at(-1)).toBe("accepted");
  expect(seen(`${accepted}${".".repeat(24 * HOUR)}x`).at(-1)).toBe("new");
});

test("what is forgotten takes no room", () => {
  const known = new KnownOutliers();
  known.see("web-1", { from: 0, to: WINDOW });
  known.forget(14 * WINDOW);
  expect(known.all).toEqual({});
});
