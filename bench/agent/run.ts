/**
 * What a cycle of the agent costs (collect, encode, push, listeners), beside node_exporter and collectd where
 * they are installed, side by side in one run: CPU, resident and anonymous memory.
 *
 * The agent is the built one, at an interval of 1 s so that many cycles fit into a minute; in use it is 10 s,
 * where the caches are colder and a cycle costs more. `--interval 10000` measures that.
 * Ends by itself, and ends what it started, nothing else.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { measure } from "./measure.ts";
import { makeNamespaces } from "./namespaces.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { readParts } from "./parts.ts";
import { startPrograms } from "./programs.ts";
import { makeReport, type Report, table } from "./report.ts";
import { startStandIn } from "./service.ts";

/** Over the time that the cycles take: to start and to end. */
const SPARE_MS = 60_000;

async function run(options: Options): Promise<Report> {
  for (const file of [options.agent, ...options.against])
    if (!existsSync(file)) throw new Error(`there is no ${file}: npm run build`);
  const { warmup, cycles, intervalMs } = options;
  const limitMs = (warmup + cycles) * intervalMs + SPARE_MS;
  const folder = mkdtempSync(join(tmpdir(), "spillway-bench-"));
  const children: ChildProcess[] = [];
  const deadline = setTimeout(() => end(1, `did not end within ${limitMs / 1_000} s`), limitMs);
  const end = (code: number, why: string) => {
    process.stderr.write(`bench: ${why}\n`);
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(130, signal));
  try {
    children.push(...(await makeNamespaces(options.namespaces, Math.ceil(limitMs / 1_000))));
    const service = await startStandIn(intervalMs);
    const { programs, missing } = await startPrograms(options, folder, service.url);
    children.push(...programs.map(({ child }) => child));
    process.stderr.write(
      `bench: ${programs.length} programs, ${warmup} + ${cycles} cycles of ${intervalMs} ms\n`,
    );
    const measured = await measure(programs, options);
    for (const { child } of programs) child.kill("SIGTERM");
    await Promise.race([Promise.all(programs.map(({ child }) => ended(child))), sleep(10_000)]);
    const seconds = (cycles * intervalMs) / 1_000;
    const parts = options.parts ? readParts(join(folder, "profile"), options.agent, seconds, cycles) : null;
    const report = makeReport(options, measured, missing, service.received, parts);
    await service.close();
    return report;
  } finally {
    clearTimeout(deadline);
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    const report = await run({ ...options, agent: resolve(options.agent) });
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : table(report));
    return 0;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}${cause}\n`);
    process.stderr.write(`${USAGE}\n`);
    return 1;
  }
}

process.exit(await main());
