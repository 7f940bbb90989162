/** What the matchers of a filter may cost: they are compiled and tried while nothing else runs. */
import { expect, test } from "vitest";
import { filterMatchers, storeFilter } from "../../../src/graphql/host-filter.ts";

const matching = (count: number, value: string) =>
  Array.from({ length: count }, () => ({ name: "role", op: "RE" as const, value }));
const refused = (message: RegExp) =>
  expect.objectContaining({ code: "BAD_REQUEST", message: expect.stringMatching(message) });

test("a filter has as many matchers as a silence", () => {
  expect(storeFilter({ labels: matching(20, "web|api") }).labels).toHaveLength(20);
  for (const op of ["EQ", "RE"] as const) {
    const labels = Array.from({ length: 21 }, () => ({ name: "role", op, value: "web" }));
    expect(() => storeFilter({ labels })).toThrow(
      refused(/^21 matchers; at most 20 .*: match one label by RE/),
    );
  }
  expect(filterMatchers(null)).toBeNull();
});

test("its patterns have so many characters together, whatever each may have", () => {
  const long = "web-server-1|".repeat(38);
  expect(filterMatchers(matching(4, long))).toHaveLength(4);
  expect(() => filterMatchers(matching(5, long))).toThrow(refused(/have 2470 characters; at most 2000/));
  const plain = matching(5, long).map((matcher) => ({ ...matcher, op: "EQ" as const }));
  expect(filterMatchers(plain)).toHaveLength(5);
});

test("and come to so many steps, which a short one may have many of", () => {
  expect(filterMatchers(matching(2, "(.{0,1000})"))).toHaveLength(2);
  expect(() => filterMatchers(matching(3, "(.{0,1000})"))).toThrow(
    refused(/steps; at most 5000 .*write \.\*/),
  );
});

test("a pattern that is none is refused for what it is", () => {
  expect(() => filterMatchers(matching(1, "("))).toThrow(refused(/is not a regular expression/));
});
