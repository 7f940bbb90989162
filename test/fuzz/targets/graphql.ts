/** Documents made of the schema, and such as cost a careless server much: each is refused or may be run. */
import fc from "fast-check";
import { GraphQLError } from "graphql";
import { expect } from "vitest";
import { checkedDocument } from "../../../src/graphql/checked-document.ts";
import { costlyFault } from "../../../src/graphql/document-guard.ts";
import { schema } from "../../../src/graphql/schema.ts";
import { HOSTILE } from "../../support/hostile-documents.ts";
import { randomDocument } from "../../support/random-documents.ts";
import { edited } from "../edits.ts";
import { type FuzzTarget, target } from "../target.ts";

const FIELD = 'trend(counter: "ListenDrops", range: {last: "1h"}) { total }';
const numbered = (times: number, text: (index: number) => string) =>
  Array.from({ length: times }, (_, index) => text(index)).join(" ");

/** By kind, of so many parts. */
const BOMBS: Readonly<Record<string, (size: number) => string>> = {
  deep: (size) => `{ fleet ${"{ ... ".repeat(size)} { hostCount } ${"}".repeat(size)} }`,
  wide: (size) => `{ fleet { ${"hostCount ".repeat(size)} } }`,
  aliases: (size) => `{ fleet { ${numbered(size, (index) => `a${index}: ${FIELD}`)} } }`,
  "inline fragments": (size) => `{ fleet { ${`... on Fleet { ${FIELD} } `.repeat(size)} } }`,
  "inline fragments within each other": (size) =>
    `{ fleet ${`{ hostCount ... on Fleet `.repeat(size)} { hostCount } ${"}".repeat(size)} }`,
  "fragments that double": (size) =>
    `{ fleet { ...f0 } } ${numbered(size, (index) => `fragment f${index} on Fleet { ...f${index + 1} ...f${index + 1} }`)} fragment f${size} on Fleet { hostCount }`,
  "fragments in a circle": (size) =>
    `{ fleet { ...f0 } } ${numbered(size, (index) => `fragment f${index} on Fleet { ...f${(index + 1) % size} }`)}`,
  directives: (size) => `{ fleet { hostCount ${"@include(if: true) ".repeat(size)} } }`,
  variables: (size) => `query (${numbered(size, (index) => `$v${index}: Int`)}) { fleet { hostCount } }`,
  lists: (size) => `{ fleet(filter: ${"[".repeat(size)}${"]".repeat(size)}) { hostCount } }`,
  objects: (size) => `{ fleet(filter: ${"{labels: ".repeat(size)}1${"}".repeat(size)}) { hostCount } }`,
  "block strings": (size) => `{ counter(name: """${" \\n".repeat(size)}""") { name } }`,
};

const bomb = fc
  .tuple(fc.constantFrom(...Object.keys(BOMBS)), fc.oneof(fc.integer({ min: 1, max: 60 }), fc.nat(20_000)))
  .map(([kind, size]) => BOMBS[kind]?.(Math.max(1, size)) ?? "");
const smaller = HOSTILE.map(([, source]) => source.slice(0, 4_000));

export const GRAPHQL: readonly FuzzTarget[] = [
  document("graphql-documents", 500, randomDocument(schema)),
  document(
    "graphql-bombs",
    200,
    fc.oneof(bomb, edited(smaller, ["{", "}", "(", "...", "@skip", '"""', "$", "\0"])),
  ),
];

function document(name: string, cases: number, input: fc.Arbitrary<string>): FuzzTarget {
  return target(name, {
    cases,
    input,
    check: (source) => {
      const costly = costlyFault(source);
      const checked = checkedDocument(schema, source);
      if ("document" in checked) {
        expect(costly).toBeNull();
        return;
      }
      expect(checked.errors.length).toBeGreaterThan(0);
      for (const error of checked.errors) {
        expect(error).toBeInstanceOf(GraphQLError);
        expect(error.extensions.code).toMatch(/^[A-Z_]+$/);
      }
    },
  });
}
