/** The table of docs/reliability.md, which nobody writes by hand. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { trendOf } from "./kit/memory.ts";
import type { Played } from "./kit/play.ts";

const [BEGIN, END] = ["<!-- table: npm run test:faults -- --write -->", "<!-- end of table -->"];
/** What is said of the last long run stays when others are played. */
const [MEMORY_BEGIN, MEMORY_END] = [
  "<!-- memory: npm run test:faults -- --soak 60 --write -->",
  "<!-- end of memory -->",
];
const ROLES: Readonly<Record<string, string>> = { serve: "service", work: "worker" };
const INVARIANTS = ["I1", "I2", "I3", "I4", "I5", "I6", "I8", "I9", "I11", "I12"];

const HEAD = ["", "scenario", "seeds", "snapshots", "slowest recovery, s", ...INVARIANTS];

type Cells = readonly (string | number)[];

/** Scenarios by rows, invariants by columns: violations in all runs of a scenario. */
function rowsOf(played: readonly Played[]): Cells[] {
  return [...byScenario(played)].map(([title, runs]) => {
    const [{ scenario } = { scenario: { id: 0 } }] = runs;
    const found = runs.flatMap(({ violations }) => violations);
    const cells = INVARIANTS.map((one) => found.filter(({ invariant }) => invariant === one).length);
    const made = runs.reduce((sum, run) => sum + run.made, 0);
    const slowest = Math.max(...runs.map(({ recoveryMs }) => recoveryMs)) / 1_000;
    return [scenario.id, title, runs.length, made.toLocaleString("en"), slowest.toFixed(1), ...cells];
  });
}

/** Of two rows of a scenario: all runs of both. */
function sumOf(written: Cells, row: Cells): Cells {
  const numberOf = (cell: string | number | undefined) => Number(String(cell ?? 0).replaceAll(",", ""));
  return row.map((cell, index) => {
    if (index < 2) return cell;
    const [before, now] = [numberOf(written[index]), numberOf(cell)];
    if (HEAD[index] === "slowest recovery, s") return Math.max(before, now).toFixed(1);
    return (before + now).toLocaleString("en");
  });
}

/** The rows of a table that has been written, without its head. */
function writtenRows(table: string): Cells[] {
  const rows = table.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((line) => line.slice(2, -2).split(" | "));
}

function tableOf(rows: readonly Cells[]): string {
  const inOrder = rows.toSorted(([a], [b]) => Number(a) - Number(b));
  return [HEAD, HEAD.map(() => "---"), ...inOrder].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export interface WriteOptions {
  /** The rows of scenarios that were played before are added to. */
  readonly add: boolean;
}

/**
 * Puts the table, and when and where it was made, into the document. Rows of scenarios that were not played this time
 * stay as they are.
 */
export function writeTable(path: string, played: readonly Played[], { add }: WriteOptions): void {
  const text = readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error(`${path} has no place for the table: ${BEGIN} ... ${END}`);
  const memory = (role: string) => Math.max(...played.map(({ peakMb }) => peakMb.get(role) ?? 0));
  const seeds = [...new Set(played.map(({ seed }) => seed))];
  const written = new Map(writtenRows(text.slice(begin, end)).map((row) => [row[1], row]));
  const rows = rowsOf(played).map((row) => {
    const before = written.get(row[1]);
    return add && before !== undefined ? sumOf(before, row) : row;
  });
  const titles = new Set(rows.map(([, title]) => title));
  const kept = [...written.values()].filter(([, title]) => title !== undefined && !titles.has(title));
  const made = [
    `Last run: ${rows.map(([id]) => id).join(", ")}; ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Linux ${release()}, Node ${process.version};`,
    `seeds ${seeds[0]}${seeds.length > 1 ? ` to ${seeds.at(-1)}` : ""}.`,
    `Peak memory: ${memory("serve")} MB of a service, ${memory("work")} MB of a worker.`,
  ].join(" ");
  const now = `${text.slice(0, begin)}${BEGIN}\n\n${tableOf([...kept, ...rows])}\n\n${made}\n\n${text.slice(end)}`;
  writeFileSync(path, withMemory(now, played));
}

/** The document with what those held that lived through a long run, where there was one. */
function withMemory(text: string, played: readonly Played[]): string {
  const lines = played.flatMap(({ scenario, held }) =>
    heldWords(held).map((words) => `- ${scenario.title}: ${words}.`),
  );
  const [begin, end] = [text.indexOf(MEMORY_BEGIN), text.indexOf(MEMORY_END)];
  if (lines.length === 0 || begin === -1 || end === -1) return text;
  return `${text.slice(0, begin)}${MEMORY_BEGIN}\n\n${lines.join("\n")}\n\n${text.slice(end)}`;
}

/** What those that lived through a long run held, a sentence for each. */
export function heldWords(held: Played["held"]): string[] {
  return [...held].flatMap(([role, readings]) => {
    const trend = trendOf(readings);
    if (trend === null) return [];
    const { before, after, slopeMbPerHour, minutes } = trend;
    return `a ${ROLES[role] ?? role} that was never killed held ${before.toFixed(0)} MB in the second quarter of its ${minutes.toFixed(0)} minutes and ${after.toFixed(0)} MB in the last, ${slopeMbPerHour.toFixed(1)} MB an hour`;
  });
}

function byScenario(played: readonly Played[]): Map<string, Played[]> {
  const rows = new Map<string, Played[]>();
  for (const one of played) rows.set(one.scenario.title, [...(rows.get(one.scenario.title) ?? []), one]);
  return rows;
}
