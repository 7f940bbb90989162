import { expect, test } from "vitest";
import { z } from "zod";
import { parseYaml } from "../../src/yaml-file.ts";

const read = (text: string) => parseYaml({ text, path: "some.yml", called: "the file", schema: z.unknown() });

test("an alias is what it names", () => {
  expect(read("a: &x [1]\nb: *x\n")).toEqual({ a: [1], b: [1] });
});

test.each([
  ["names nothing", "a: *x\n", "some.yml:1:4: *x names nothing: write &x before it"],
  ["names what it is a part of", "a: &x [1, *x]\n", "some.yml:1:11: *x names what it is a part of"],
  [
    "makes a short text a very long one",
    `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}]\n`).join("")}`,
    "Excessive alias count",
  ],
])("an alias that %s is a fault of the file", (_what, text, message) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "CONFIGURATION" }));
  expect(() => read(text)).toThrow(message);
});
