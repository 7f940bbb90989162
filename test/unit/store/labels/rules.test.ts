import { describe, expect, test } from "vitest";
import { compileRules } from "../../../../src/store/labels/rules.ts";
import { parseRules } from "../../../../src/store/labels/rules-file.ts";

const yes = { hit: "1" };

test.each([
  ["web-1", "web-1", true],
  ["web-1", "web-10", false],
  ["web-*", "web-", true],
  ["web-*", "WEB-1", false],
  ["*.eu.example", "a.b.eu.example", true],
  ["*.eu.example", "axeu.example", false],
  ["db-?", "db-1", true],
  ["db-?", "db-12", false],
  ["a+b[c](d)", "a+b[c](d)", true],
  ["/web-[0-9]+/", "web-12", true],
  ["/web-[0-9]+/", "my-web-12", false],
  ["/(?i)WEB-.*/", "web-1", true],
  ["/", "/", true],
])("%s on %s: %s", (match, name, hit) => {
  expect(compileRules([{ match, labels: yes }])(name)).toEqual(hit ? yes : {});
});

test("all rules that match count, and of two that give one label the later", () => {
  const fileLabels = compileRules([
    { match: "*", labels: { role: "any", site: "one" } },
    { match: "web-*", labels: { role: "web" } },
    { match: "db-*", labels: { role: "db" } },
  ]);
  expect(fileLabels("web-1")).toEqual({ role: "web", site: "one" });
  expect(fileLabels("cache-1")).toEqual({ role: "any", site: "one" });
});

describe("labels.yml", () => {
  const faults = (text: string): string[] => {
    try {
      parseRules(text, "labels.yml");
    } catch (error) {
      return (error as Error).message.split("\n  ").slice(1);
    }
    return [];
  };

  test("is a list of rules", () => {
    const text = `# who is who\n- match: web-*\n  labels: {role: web, "site": "one"}\n- match: /db-[0-9]+/\n  labels:\n    role: db\n`;
    expect(parseRules(text, "labels.yml")).toEqual([
      { match: "web-*", labels: { role: "web", site: "one" } },
      { match: "/db-[0-9]+/", labels: { role: "db" } },
    ]);
    expect(parseRules("", "labels.yml")).toEqual([]);
    expect(parseRules("# nothing yet\n", "labels.yml")).toEqual([]);
  });

  test.each([
    ["no list", "match: web\n", ["labels.yml:1:1: the file: Invalid input: expected array, received object"]],
    [
      "a key that there is not",
      "- match: web\n  label: {role: web}\n  labels: {}\n",
      ['labels.yml:2:10: [0]: Unrecognized key: "label"'],
    ],
    [
      "a value that is no text",
      "- match: web\n  labels:\n    role: web\n    rack: 12\n",
      ["labels.yml:4:11: [0].labels.rack: Invalid input: expected string, received number"],
    ],
    [
      "several at once",
      "- match: web\n- match: /(/\n  labels: {1a: x}\n",
      [
        "labels.yml:1:3: [0].labels: Invalid input: expected record, received undefined",
        expect.stringMatching(
          /^labels\.yml:2:10: \[1\]\.match: not a regular expression of the RE2 syntax: /,
        ),
        expect.stringMatching(/^labels\.yml:3:16: \[1\]\.labels\.1a: "1a" is not a label name/),
      ],
    ],
    [
      "a key said twice",
      "- match: a\n  match: b\n  labels: {}\n",
      ["labels.yml:2:3: Map keys must be unique"],
    ],
    [
      "a reserved name",
      '- match: a\n  labels: {__meta: "x"}\n',
      [expect.stringContaining('"__meta" is not a label name')],
    ],
    ["broken syntax", "- match: [a\n", [expect.stringMatching(/^labels\.yml:2:1: /)]],
  ])("%s is named with its place", (_name, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  test("many faults are cut short", () => {
    const text = Array.from({ length: 30 }, () => "- match: a\n").join("");
    expect(faults(text)).toHaveLength(21);
    expect(faults(text).at(-1)).toBe("and 10 more");
  });
});
