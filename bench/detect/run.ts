/**
 * What detection finds of a labelled corpus, as `npm run bench:detect` (docs/detection.md).
 *
 * A fleet learns; then two processes, one for the scenarios and one for weeks in which nothing is wrong; then what
 * judging costs.
 */
import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { SCENARIOS } from "./corpus/scenarios/all.ts";
import { measureCost } from "./cost.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { type BenignReport, learn, PARTS, type Part, type PartResult, runPart } from "./parts.ts";
import { reportOf } from "./report.ts";
import type { PlayedScore } from "./scored.ts";

const ORDER = SCENARIOS.map(({ name }) => name);
const DOCS = new URL("../../docs/detection.md", import.meta.url);
const BEGIN = "<!-- npm run bench:detect -- --write: from here -->";
const END = "<!-- to here -->";

/** What a process is asked to do. */
interface Order {
  readonly part: Part;
  readonly options: Options;
  /** What the fleet has learned, in base64. */
  readonly learned: string;
}

/** @param onResult called with what there is more, time and again */
function inProcess(order: Order, onResult: (result: PartResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(import.meta.url), ["--part"]);
    child.on("message", (message) => onResult(message as PartResult));
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the part "${order.part}" ended with ${code}`));
    });
    child.send(order);
  });
}

/** The other side of it. */
function takeOrder(): void {
  process.once("message", async (message) => {
    const { part, options, learned } = message as Order;
    for await (const result of runPart(part, options, Buffer.from(learned, "base64"))) {
      await new Promise((sent) => process.send?.(result, sent));
    }
    process.disconnect();
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
  const learned = Buffer.from(await learn(options)).toString("base64");
  const played: PlayedScore[] = [];
  let benign: BenignReport | null = null;
  const tell = () => {
    // In the order of the table.
    played.sort((a, b) => ORDER.indexOf(a.scenario) - ORDER.indexOf(b.scenario) || a.seed - b.seed);
    const seeds = [...new Set(played.map(({ seed }) => seed))].sort((a, b) => a - b);
    const report = { seeds, learnDays: options.learnDays, played, benign, cost: measureCost() };
    console.log(options.json ? JSON.stringify(report) : reportOf(report));
    if (options.write) writeDocs(reportOf(report));
  };
  process.on("SIGUSR2", tell);
  process.once("SIGINT", () => {
    tell();
    process.exit();
  });
  const take = (result: PartResult) => {
    played.push(...result.played);
    benign = result.benign ?? benign;
  };
  await Promise.all(PARTS.map((part) => inProcess({ part, options, learned }, take)));
  tell();
}

if (process.argv[2] === "--part") takeOrder();
else await main();
