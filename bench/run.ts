/**
 * What the service costs, beside VictoriaMetrics and Prometheus where they are installed: on the same data, in
 * turns, in one run. A line a figure, with ours, the peer's, and how many times better ours is.
 *
 * On loopback alone, in a folder of its own that is removed, with a Postgres of its own that syncs as in
 * production. Ends by itself, and ends what it started, nothing else.
 */
import { resolve } from "node:path";
import { benchChurn } from "./ingest/churn.ts";
import { benchIngest } from "./ingest/ingest.ts";
import { benchLag } from "./ingest/lag.ts";
import { benchPrometheus } from "./ingest/prometheus.ts";
import { type Options, type Part, readOptions, USAGE } from "./options.ts";
import { SIZES } from "./sizes.ts";
import { benchLargeFleet } from "./store/large-fleet.ts";
import { benchStore } from "./store/store.ts";
import { type Figure, line, machine, type Report } from "./support/figure.ts";
import { Workshop } from "./support/workshop.ts";

async function run(options: Options): Promise<Report> {
  const sizes = SIZES[options.size];
  // Each part has its own: what one has written is gone before the next begins.
  let shop: Workshop | null = null;
  const leave = (code: number, why: string) => {
    process.stderr.write(`bench: ${why}\n`);
    shop?.endAtOnce();
    process.exit(code);
  };
  const deadline = setTimeout(
    () => leave(1, `did not end within ${options.limitMs / 60_000} minutes`),
    options.limitMs,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => leave(130, signal));
  const missing: string[] = [];
  const figures: Figure[] = [];
  const { peers, node } = options;
  const profile = options.profile === null ? null : resolve(options.profile);
  const parts: Record<Part, (shop: Workshop) => Promise<Figure[]>> = {
    ingest: (shop) => benchIngest(shop, { ...sizes.ingest, peers, profile, node }, missing),
    store: (shop) => benchStore(shop, { ...sizes.store, peers }, missing),
    fleet: (shop) => benchLargeFleet(shop, { ...sizes.fleet, peers }, missing),
    lag: (shop) => benchLag(shop, sizes.lag),
    churn: (shop) => benchChurn(shop, { ...sizes.churn, peers }, missing),
    prometheus: (shop) => benchPrometheus(shop, { ...sizes.prometheus, profile, node }),
  };
  try {
    const begun = machine();
    for (const part of options.parts) {
      process.stderr.write(`bench: ${part} ...\n`);
      shop = new Workshop();
      for (const figure of await parts[part](shop)) {
        figures.push(figure);
        if (!options.json) process.stdout.write(`${line(figure)}\n`);
      }
      await shop.end();
    }
    return {
      benchmark: "service",
      machine: begun,
      node: process.version,
      sizes,
      figures,
      missing: [...new Set(missing)],
    };
  } finally {
    clearTimeout(deadline);
    await shop?.end();
  }
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}\n`);
    return 1;
  }
  try {
    const report = await run(options);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else {
      const { machine, node, missing } = report;
      process.stdout.write(
        `${machine.cores} x ${machine.cpu}, Linux ${machine.kernel}, Node ${node}, load ${machine.load1.toFixed(1)} at the start\n`,
      );
      for (const one of missing) process.stdout.write(`not measured: ${one}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(
      `bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  }
}

process.exit(await main());
