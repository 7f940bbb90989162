import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Played } from "../../faults/kit/play.ts";
import { writeTable } from "../../faults/report.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spillway-report-test-"));
  path = join(folder, "reliability.md");
  writeFileSync(
    path,
    "before\n<!-- table: npm run test:faults -- --write -->\n<!-- end of table -->\nbetween\n" +
      "<!-- memory: npm run test:faults -- --soak 60 --write -->\n- what was said\n<!-- end of memory -->\nafter\n",
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const MINUTE_MS = 60_000;

function played(id: number, title: string, more: Partial<Played> = {}): Played {
  return {
    scenario: { id, title, durationMs: 1, run: async () => undefined },
    seed: "1",
    made: 1_200,
    acknowledged: 1_200,
    recoveryMs: 2_000,
    violations: [],
    peakMb: new Map([["serve", 200]]),
    held: new Map(),
    statuses: new Map(),
    ...more,
  };
}

const rowOf = (id: number) =>
  readFileSync(path, "utf8")
    .split("\n")
    .find((line) => line.startsWith(`| ${id} |`));

test("runs of a scenario are one row, and its violations are counted where they are", () => {
  const violations = [{ invariant: "I4", what: "off by one" }];
  writeTable(path, [played(1, "kills"), played(1, "kills", { violations, recoveryMs: 900 })], { add: false });
  expect(rowOf(1)).toBe("| 1 | kills | 2 | 2,400 | 2.0 | 0 | 0 | 0 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |");
});

test("the next runs replace the row, or are added to it, and other rows stay", () => {
  writeTable(path, [played(1, "kills"), played(2, "floods")], { add: false });
  writeTable(path, [played(2, "floods", { recoveryMs: 3_500 })], { add: true });
  expect(rowOf(2)).toBe("| 2 | floods | 2 | 2,400 | 3.5 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |");
  writeTable(path, [played(2, "floods")], { add: false });
  expect(rowOf(2)).toMatch(/^\| 2 \| floods \| 1 \| 1,200 \| 2\.0 /);
  expect(rowOf(1)).toMatch(/^\| 1 \| kills \| 1 /);
});

test("what was held is said of a long run, and stays when short ones are played", () => {
  const held = Array.from({ length: 241 }, (_, index) => ({ atMs: (index / 4) * MINUTE_MS, mb: 150 }));
  writeTable(path, [played(27, "soak", { held: new Map([["work", held]]) })], { add: false });
  writeTable(path, [played(1, "kills")], { add: false });
  const text = readFileSync(path, "utf8");
  expect(text).toContain(
    "- soak: a worker that was never killed held 150 MB in the second quarter of its 60",
  );
  expect(text).not.toContain("what was said");
  expect(text).toMatch(/^before\n/);
  expect(text).toMatch(/<!-- end of memory -->\nafter\n$/);
});
