import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ASIDE_NAME, ASIDE_OLDER_NAME, createAsideFile, createSetAside } from "../../../agent/set-aside.ts";
import { temporaryFolder } from "./support/procfs.ts";
import { EPOCH, LAYOUT, snapshot } from "./support/snapshots.ts";

const linesOf = (folder: string, name = ASIDE_NAME) =>
  readFileSync(join(folder, name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

function fail(problem: string): never {
  throw new Error(problem);
}

test("the newest are kept in memory, and all are counted by code", () => {
  const aside = createSetAside(2);
  for (const at of [1, 2, 3]) aside.add(snapshot(at), at === 1 ? "FUTURE" : "TOO_OLD", "why");
  expect(aside.entries.map(({ snapshot: { at } }) => at)).toEqual([2, 3]);
  expect([...aside.counts]).toEqual([
    ["FUTURE", 1],
    ["TOO_OLD", 2],
  ]);
});

test("a line of JSON each, the names before the first, also for the next process", () => {
  const folder = temporaryFolder(onTestFinished);
  createSetAside(9, createAsideFile(folder, fail)).add(snapshot(1), "TOO_OLD", "said so");
  createSetAside(9, createAsideFile(folder, fail)).add(snapshot(2), "FUTURE", "said so");
  expect(linesOf(folder)).toMatchObject([
    { layout: LAYOUT.hash, names: LAYOUT.names },
    { code: "TOO_OLD", message: "said so", epoch: EPOCH, snapshot: { at: 1, layout: LAYOUT.hash } },
    { code: "FUTURE", snapshot: { at: 2 } },
  ]);
});

test("it stays within its bound, keeps the newest, and each file has the names that it needs", () => {
  const folder = temporaryFolder(onTestFinished);
  const file = createAsideFile(folder, fail, 2_000);
  for (let at = 1; at <= 50; at += 1) file.write({ snapshot: snapshot(at), code: "TOO_OLD", message: "" });
  for (const name of [ASIDE_NAME, ASIDE_OLDER_NAME]) {
    expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(2_000);
    expect(linesOf(folder, name)[0]).toEqual({ layout: LAYOUT.hash, names: LAYOUT.names });
  }
  expect(linesOf(folder).at(-1)).toMatchObject({ snapshot: { at: 50 } });
});

test("one that cannot be written is said, kept in memory, and holds up nothing", () => {
  const problems: string[] = [];
  const aside = createSetAside(
    9,
    createAsideFile("/dev/null/state", (problem) => problems.push(problem)),
  );
  aside.add(snapshot(1), "TOO_OLD", "why");
  expect(aside.entries).toHaveLength(1);
  expect(problems[0]).toContain("cannot write /dev/null/state/set-aside.jsonl");
});
