/**
 * What detection finds of a labelled corpus, as `npm run bench:detect` (docs/detection.md).
 *
 * A fleet learns; then two processes, one for the scenarios and one for weeks in which nothing is wrong; then what
 * judging costs.
 */
import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { SCENARIOS } from "./corpus/scenarios/all.ts";
import { measureCost } from "./cost.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { learn, PARTS, type Part, type PartResult, runPart } from "./parts.ts";
import { reportOf } from "./report.ts";

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

function inProcess(order: Order): Promise<PartResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(import.meta.url), ["--part"]);
    let result: PartResult | null = null;
    child.once("message", (message) => {
      result = message as PartResult;
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (result !== null) resolve(result);
      else reject(new Error(`the part "${order.part}" ended with ${code} and no result`));
    });
    child.send(order);
    process.once("SIGINT", () => child.send("end"));
  });
}

/** The other side of it. */
function takeOrder(): void {
  let ends = false;
  const isOver = async () => {
    // Messages come in between two turns of the event loop.
    await setImmediate();
    return ends;
  };
  // A terminal sends it to all processes; this one is told to end by the first.
  process.on("SIGINT", () => undefined);
  process.once("message", async (message) => {
    process.once("message", () => {
      ends = true;
    });
    const { part, options, learned } = message as Order;
    process.send?.(await runPart(part, options, Buffer.from(learned, "base64"), isOver));
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
  const results = await Promise.all(PARTS.map((part) => inProcess({ part, options, learned })));
  const played = results.flatMap((result) => result.played);
  // In the order of the table, whichever process was first.
  played.sort((a, b) => ORDER.indexOf(a.scenario) - ORDER.indexOf(b.scenario) || a.seed - b.seed);
  const benign = results.find((result) => result.benign !== null)?.benign ?? null;
  const seeds = [...new Set(played.map(({ seed }) => seed))].sort((a, b) => a - b);
  const report = { seeds, learnDays: options.learnDays, played, benign, cost: measureCost() };
  if (options.json) console.log(JSON.stringify(report));
  else console.log(reportOf(report));
  if (options.write) writeDocs(reportOf(report));
}

if (process.argv[2] === "--part") takeOrder();
else await main();
