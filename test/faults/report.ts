/** The table of docs/reliability.md, which nobody writes by hand. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import type { Played } from "./kit/play.ts";

const [BEGIN, END] = ["<!-- table: npm run test:faults -- --write -->", "<!-- end of table -->"];
const INVARIANTS = ["I1", "I2", "I3", "I4", "I5", "I6", "I8", "I9", "I11", "I12"];

/** Scenarios by rows, invariants by columns: violations in all runs of a scenario. */
export function tableOf(played: readonly Played[]): string {
  const inOrder = played.toSorted((a, b) => a.scenario.id - b.scenario.id);
  const rows = [...byScenario(inOrder)].map(([title, runs]) => {
    const [{ scenario } = { scenario: { id: 0 } }] = runs;
    const found = runs.flatMap(({ violations }) => violations);
    const cells = INVARIANTS.map((one) => found.filter(({ invariant }) => invariant === one).length);
    const made = runs.reduce((sum, run) => sum + run.made, 0);
    const slowest = Math.max(...runs.map(({ recoveryMs }) => recoveryMs)) / 1_000;
    return [scenario.id, title, runs.length, made.toLocaleString("en"), slowest.toFixed(1), ...cells];
  });
  const head = ["", "scenario", "seeds", "snapshots", "slowest recovery, s", ...INVARIANTS];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Puts the table, and when and where it was made, into the document. */
export function writeTable(path: string, played: readonly Played[]): void {
  const text = readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error(`${path} has no place for the table: ${BEGIN} ... ${END}`);
  const memory = (role: string) => Math.max(...played.map(({ peakMb }) => peakMb.get(role) ?? 0));
  const seeds = [...new Set(played.map(({ seed }) => seed))];
  const made = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Linux ${release()}, Node ${process.version};`,
    `seeds ${seeds[0]}${seeds.length > 1 ? ` to ${seeds.at(-1)}` : ""}.`,
    `Peak memory: ${memory("serve")} MB of a service, ${memory("work")} MB of a worker.`,
  ].join(" ");
  writeFileSync(
    path,
    `${text.slice(0, begin)}${BEGIN}\n\n${tableOf(played)}\n\n${made}\n\n${text.slice(end)}`,
  );
}

function byScenario(played: readonly Played[]): Map<string, Played[]> {
  const rows = new Map<string, Played[]>();
  for (const one of played) rows.set(one.scenario.title, [...(rows.get(one.scenario.title) ?? []), one]);
  return rows;
}
