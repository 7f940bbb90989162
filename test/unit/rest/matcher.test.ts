import { describe, expect, test } from "vitest";
import { parseMatcher } from "../../../src/rest/matcher.ts";

describe("a matcher as Prometheus writes it", () => {
  test.for([
    ['role="web"', { name: "role", op: "EQ", value: "web" }],
    ["role=web", { name: "role", op: "EQ", value: "web" }],
    ['role!="web"', { name: "role", op: "NE", value: "web" }],
    ['role=~"we.*"', { name: "role", op: "RE", value: "we.*" }],
    ["role!~we.*", { name: "role", op: "NRE", value: "we.*" }],
    [' role = "a b" ', { name: "role", op: "EQ", value: "a b" }],
    ["role=", { name: "role", op: "EQ", value: "" }],
    ['role=""', { name: "role", op: "EQ", value: "" }],
    ['role="say \\"hi\\" \\\\"', { name: "role", op: "EQ", value: 'say "hi" \\' }],
    ["app.kubernetes.io/name=web", { name: "app.kubernetes.io/name", op: "EQ", value: "web" }],
    ["role=a=b", { name: "role", op: "EQ", value: "a=b" }],
  ] as const)("%s", ([text, expected]) => {
    expect(parseMatcher(text)).toEqual(expected);
  });

  test.for(["", "role", '="web"', 'role="web', 'role=="web"x"', "role!web", 'role=we"b'])(
    "%j is none",
    (text) => {
      expect(() => parseMatcher(text)).toThrow(/is not a matcher: write role="web"/);
    },
  );
});
