/**
 * What detection finds of a labelled corpus, as `npm run bench:detect` (docs/detection.md).
 *
 * Three processes, two for the scenarios and one for weeks in which nothing is wrong; then what judging costs.
 */
import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { SCENARIOS } from "./corpus/scenarios/all.ts";
import { measureCost } from "./cost.ts";
import { readOptions, USAGE } from "./options.ts";
import { PARTS, type Part, type PartResult, runPart } from "./parts.ts";
import { reportOf } from "./report.ts";

const ORDER = SCENARIOS.map(({ name }) => name);
const DOCS = new URL("../../docs/detection.md", import.meta.url);
const BEGIN = "<!-- npm run bench:detect -- --write: from here -->";
const END = "<!-- to here -->";

function inProcess(part: Part, args: readonly string[]): Promise<PartResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(import.meta.url), [...args], { env: { ...process.env, CORPUS_PART: part } });
    let result: PartResult | null = null;
    child.once("message", (message) => {
      result = message as PartResult;
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (result !== null) resolve(result);
      else reject(new Error(`the part "${part}" ended with ${code} and no result`));
    });
  });
}

function writeDocs(markdown: string): void {
  const text = readFileSync(DOCS, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`docs/detection.md has no "${BEGIN}" with "${END}" after it`);
  writeFileSync(DOCS, `${text.slice(0, from + BEGIN.length)}\n\n${markdown}\n${text.slice(to)}`);
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    console.log(USAGE);
    return;
  }
  const options = readOptions(args);
  const part = process.env.CORPUS_PART as Part | undefined;
  if (part !== undefined) {
    process.send?.(await runPart(part, options));
    process.disconnect();
    return;
  }
  const results = await Promise.all(PARTS.map((name) => inProcess(name, args)));
  const played = results.flatMap((result) => result.played);
  // In the order of the table, whichever process was first.
  played.sort((a, b) => ORDER.indexOf(a.scenario) - ORDER.indexOf(b.scenario) || a.seed - b.seed);
  const benign = results.find((result) => result.benign !== null)?.benign ?? null;
  const report = { seeds: options.seeds, learnDays: options.learnDays, played, benign, cost: measureCost() };
  if (options.json) console.log(JSON.stringify(report));
  else console.log(reportOf(report));
  if (options.write) writeDocs(reportOf(report));
}

await main();
