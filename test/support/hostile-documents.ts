/** Documents that cost a careless GraphQL server much more than they cost their sender: each with its name. */
const repeat = (text: string, times: number) => text.repeat(times);
const numbered = (times: number, text: (index: number) => string) =>
  Array.from({ length: times }, (_, index) => text(index)).join(" ");

export const HOSTILE: readonly (readonly [name: string, source: string])[] = [
  ["deep", `{ fleet ${repeat("{ ... ", 300)} { hostCount } ${repeat("}", 300)} }`],
  ["wide", `{ ${repeat("fleet { hostCount } ", 350)} }`],
  ["aliased", `{ ${numbered(300, (index) => `a${index}: fleet { hostCount }`)} }`],
  [
    "inline fragments, 12 KB",
    `{ fleet { ${repeat('... { trend(counter: "a", range: {last: "1h"}) { values } } ', 210)} } }`,
  ],
  ["inline fragments, as many as the tokens allow", `{ fleet { ${repeat("...on Fleet{hostCount}", 330)} } }`],
  [
    "fragments that double",
    `{ fleet { ...f0 } } ${numbered(60, (index) => `fragment f${index} on Fleet { ...f${index + 1} ...f${index + 1} }`)} fragment f60 on Fleet { hostCount }`,
  ],
  [
    "fragments in a circle",
    `{ fleet { ...f0 } } ${numbered(60, (index) => `fragment f${index} on Fleet { hostCount ...f${(index + 1) % 60} }`)}`,
  ],
  ["directives", `{ fleet { hostCount ${repeat("@skip(if: false) ", 300)} } }`],
  [
    "pages within pages",
    "{ hosts(first: 500) { edges { node { listeners { host { listeners { host { listeners { port } } } } } } } } }",
  ],
  ["variables", `query (${numbered(400, (index) => `$v${index}: Int`)}) { fleet { hostCount } }`],
  ["a megabyte of brackets", repeat("{", 1_000_000)],
  ["ninety kilobytes of brackets", repeat("{a", 45_000)],
  ["brackets in a value", `{ fleet(filter: ${repeat("[", 20_000)}) { hostCount } }`],
  ["a long name", `{ ${repeat("a", 90_000)} }`],
  ["an unended string", `{ fleet(filter: {search: "${repeat("\\\\u0061", 10_000)}`],
  [
    "block strings",
    `{ fleet(filter: {search: """${repeat("  x\\n", 20_000)}"""}) { hostCount } }${repeat(" ", 99)}x`,
  ],
  ["comments", `${repeat("#\\n", 30_000)}{ nothing }`],
];
