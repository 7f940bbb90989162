/**
 * Load on the real HTTP path: service, worker, Postgres and Redis as processes of their own, agents with one kept
 * connection each that push at their own moments whatever has become of those before.
 *
 * On loopback alone, in a folder of its own that is removed. Ends by itself, and ends what it started, nothing else.
 */
import { Workshop } from "../support/workshop.ts";
import { type Options, readOptions, type ShapeName, USAGE } from "./options.ts";
import { makeReport, markdown, type Report, writeDocs } from "./report.ts";
import type { Row, Shape } from "./shape.ts";
import { dashboards } from "./shapes/dashboards.ts";
import { herd } from "./shapes/herd.ts";
import { hot } from "./shapes/hot.ts";
import { ramp } from "./shapes/ramp.ts";
import { steady } from "./shapes/steady.ts";
import { subscriptions } from "./shapes/subscriptions.ts";

const SHAPES_BY_NAME: Readonly<Record<ShapeName, Shape>> = {
  steady,
  ramp,
  herd,
  dashboards,
  subscriptions,
  hot,
};

/** @returns what was measured, and whether all of it was */
async function run({
  shapes,
  sizes,
  limitMs,
}: Options): Promise<{ readonly report: Report; readonly whole: boolean }> {
  // Each shape has its own service and database: what one has left behind is not the next one's.
  let shop: Workshop | null = null;
  const leave = (code: number, why: string) => {
    process.stderr.write(`bench: ${why}\n`);
    shop?.endAtOnce();
    process.exit(code);
  };
  const deadline = setTimeout(() => leave(1, `did not end within ${limitMs / 60_000} minutes`), limitMs);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => leave(130, signal));
  const rows: Row[] = [];
  let whole = true;
  try {
    for (const shape of shapes) {
      process.stderr.write(`bench: ${shape} ...\n`);
      shop = new Workshop("load");
      try {
        rows.push(...(await SHAPES_BY_NAME[shape](shop, sizes)));
      } catch (error) {
        // The others were hours, perhaps: they are told.
        whole = false;
        tell(error);
      }
      await shop.end();
    }
    return { report: makeReport(sizes, rows), whole };
  } finally {
    clearTimeout(deadline);
    await shop?.end();
  }
}

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}\n`);
    return 1;
  }
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  try {
    const { report, whole } = await run(options);
    const text = markdown(report);
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${text}\n`);
    if (options.write && whole) writeDocs(text);
    return whole ? 0 : 1;
  } catch (error) {
    tell(error);
    return 1;
  }
}

function tell(error: unknown): void {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

process.exit(await main());
