import { expect, test } from "vitest";
import {
  hostFilter,
  parseMatcher,
  printMatcher,
  suggestedMatchers,
} from "../../../web/dashboard/view/matchers.ts";

test.each([
  ['role="web"', { name: "role", op: "EQ", value: "web" }],
  ["role=web", { name: "role", op: "EQ", value: "web" }],
  [' role != "a b" ', { name: "role", op: "NE", value: "a b" }],
  ['version=~"2\\\\..*"', { name: "version", op: "RE", value: "2\\..*" }],
  ["zone!~x|y", { name: "zone", op: "NRE", value: "x|y" }],
  ['a.b/c="say \\"hi\\""', { name: "a.b/c", op: "EQ", value: 'say "hi"' }],
  ['role=""', { name: "role", op: "EQ", value: "" }],
])("%j is a matcher", (text, expected) => {
  const matcher = parseMatcher(text);
  expect(matcher).toEqual(expected);
  if (matcher !== null) expect(parseMatcher(printMatcher(matcher))).toEqual(expected);
});

test.each(["", "role", '="web"', "9role=web", "ro le=web"])("%j is none", (text) => {
  expect(parseMatcher(text)).toBeNull();
});

test("hosts are asked for by what is said, and all of them by nothing", () => {
  const matchers = [{ name: "role", op: "EQ" as const, value: "web" }];
  expect(hostFilter({ search: "", matchers: [] })).toBeNull();
  expect(hostFilter({ search: "web", matchers: [] })).toEqual({ search: "web" });
  expect(hostFilter({ search: "", matchers })).toEqual({ labels: matchers });
});

test("a label of very many values leaves room for the others among the suggestions", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => ({ value: `host-${index}` }));
  const labels = [
    { name: "host", values: many },
    { name: "role", values: [{ value: "web" }, { value: "db" }] },
  ];
  const all = suggestedMatchers(labels, "", 500);
  expect(all).toHaveLength(252);
  expect(all).toContain('role="db"');
  expect(suggestedMatchers(labels, "host-99", 500)).toHaveLength(11);
  expect(suggestedMatchers(labels, "ROLE=", 500)).toEqual(['role="web"', 'role="db"']);
});
