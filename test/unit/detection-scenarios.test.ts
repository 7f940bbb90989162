import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runDetection } from "../scenarios/runner/on-detection.ts";

const FOLDER = new URL("../scenarios/detection/", import.meta.url);
const scripts = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".test"))
  .sort();

describe("what detection makes of a host", () => {
  test.each(scripts)("%s", (name) => {
    runDetection(`test/scenarios/detection/${name}`, readFileSync(new URL(name, FOLDER), "utf8"));
  });
});

test.each([
  ["explode", 'x.test:1: explode: "explode" is none of quiet, for'],
  ["for 3 overflows 1", 'x.test:1: for 3 overflows 1: "3" is no span of time'],
  ["for 10s overflow 1", '"overflow 1" is no count'],
  ["silent 1m sulking", 'a host that is silent said "leaving"'],
  ["expect incident BAD_LUCK", "BAD_LUCK is no cause"],
  ["expect rain", "this cannot be expected"],
  ["quiet 1d\nexpect incident HOST_SILENT", "x.test:2: expect incident HOST_SILENT"],
])("a script at fault names its file and line: %s", (text, message) => {
  expect(() => runDetection("x.test", text)).toThrow(message);
});
