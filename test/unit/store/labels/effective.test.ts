import fc from "fast-check";
import { expect, test } from "vitest";
import { effectiveLabels, sameLabels } from "../../../../src/store/labels/effective.ts";

const nothing = { set: {}, forced: {}, file: {}, agent: {} };

test("of each label the highest source that gives it one counts", () => {
  const sources = {
    agent: { a: "agent", b: "agent", c: "agent", d: "agent" },
    file: { b: "file", c: "file", d: "file", e: "file" },
    forced: { c: "forced", d: "forced" },
    set: { d: "set", f: "set" },
  };
  expect(effectiveLabels(sources)).toEqual({
    a: "agent",
    b: "file",
    c: "forced",
    d: "set",
    e: "file",
    f: "set",
  });
});

test("an empty value is no label, and hides none", () => {
  expect(effectiveLabels({ ...nothing, agent: { role: "web", zone: "" }, set: { role: "" } })).toEqual({
    role: "web",
  });
});

test("what objects inherit is no label", () => {
  expect(effectiveLabels({ ...nothing, agent: { constructor: "x" } })).toEqual({ constructor: "x" });
  expect(sameLabels({ a: "1" }, { constructor: "1" } as never)).toBe(false);
  expect(sameLabels({}, {})).toBe(true);
  expect(sameLabels({ a: "1" }, { a: "2" })).toBe(false);
});

test("any label is the one of the first source that has it", () => {
  const labels = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("", "1", "2"));
  fc.assert(
    fc.property(labels, labels, labels, labels, (set, forced, file, agent) => {
      const effective = effectiveLabels({ set, forced, file, agent });
      for (const name of ["a", "b", "c"]) {
        const first = [set, forced, file, agent].map((one) => one[name] ?? "").find((value) => value !== "");
        expect(effective[name]).toBe(first);
      }
    }),
  );
});
