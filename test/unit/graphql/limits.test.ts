/** What a stranger's document may cost: each of these is refused, or answered, within 50 ms of CPU. */
import { graphql, parse, validate } from "graphql";
import { describe, expect, test } from "vitest";
import type { Context } from "../../../src/graphql/context.ts";
import { refuseCostly } from "../../../src/graphql/document-guard.ts";
import { TOKENS_MAX } from "../../../src/graphql/limits.ts";
import { schema } from "../../../src/graphql/schema.ts";

const repeat = (text: string, times: number) => text.repeat(times);
const numbered = (times: number, text: (index: number) => string) =>
  Array.from({ length: times }, (_, index) => text(index)).join(" ");

describe("before it is validated, a document is refused", () => {
  test.for([
    ["deep", `{ fleet ${repeat("{ ... ", 30)} { hostCount } ${repeat("}", 30)} }`, /levels of nesting/],
    ["wide", `{ fleet { ${repeat("hostCount ", 30)} } }`, /fields of one name/],
    ["aliased", `{ ${numbered(70, (index) => `a${index}: fleet { hostCount }`)} }`, /aliases/],
    ["of inline fragments", `{ fleet { ${repeat("... on Fleet { hostCount } ", 70)} } }`, /fragments/],
    [
      "of fragments",
      `{ fleet { ...f0 } } ${numbered(61, (index) => `fragment f${index} on Fleet { hostCount }`)}`,
      /fragments/,
    ],
    ["of directives", `{ fleet { hostCount ${repeat("@include(if: true) ", 60)} } }`, /directives/],
  ] as const)("when it is %s", ([, source, why]) => {
    expect(() => refuseCostly(parse(source, { maxTokens: TOKENS_MAX }))).toThrow(why);
  });

  test("and not for what dashboards ask", () => {
    const panels = numbered(
      40,
      (index) => `panel${index}: fleet { trend(counter: "ListenDrops", range: {last: "1h"}) { values } }`,
    );
    const document = parse(`{ ${panels} }`, { maxTokens: TOKENS_MAX });
    expect(() => refuseCostly(document)).not.toThrow();
    expect(validate(schema, document)).toEqual([]);
  });
});

describe("before its first field, an answer is refused", () => {
  const ask = async (source: string, variableValues = {}) => {
    // A resolver that ran would fail on the context, which has nothing in it.
    const { errors } = await graphql({ schema, source, variableValues, contextValue: {} as Context });
    return errors?.map(({ message }) => message) ?? [];
  };

  test("of pages within pages", async () => {
    const page =
      "hosts(first: 500) { edges { node { namespaces { id } listeners { host { listeners { host { namespaces { id } } } } } } } }";
    expect(await ask(`{ ${page} }`)).toEqual([expect.stringMatching(/may come to \d+ fields/)]);
    expect(await ask(`query ($n: Int) { ${page.replace("500", "$n")} }`, { n: 500 })).toEqual([
      expect.stringMatching(/may come to \d+ fields/),
    ]);
  });

  test("of pages whose length is said to be null, which is the one by default", async () => {
    const page = (args: string) =>
      `{ hosts${args} { edges { node { listeners { host { listeners { host { listeners { host { id name status kernel } } } } } } } } } }`;
    const tooMuch = expect.stringMatching(/may come to \d+ fields/);
    expect(await ask(page("(first: 3)"))).not.toContainEqual(tooMuch);
    for (const args of ["", "(first: null)", "(first: 50)"]) expect(await ask(page(args))).toEqual([tooMuch]);
  });

  test("of fragments that double", async () => {
    const doubling = numbered(
      12,
      (index) => `fragment f${index} on Fleet { ...f${index + 1} ...f${index + 1} }`,
    );
    const source = `{ fleet { ...f0 } } ${doubling} fragment f12 on Fleet { hostCount staleCount }`;
    expect(await ask(source)).toEqual([expect.stringMatching(/selects \d+ fields/)]);
  });

  test("of fields too deep", async () => {
    const levels = 8;
    const deep = `{ hosts(first: 1) { edges { node { ${repeat("listeners { host { ", levels)} id ${repeat("} }", levels)} } } } }`;
    expect(await ask(deep)).toEqual([expect.stringMatching(/fields deep|may come to/)]);
  });
});
