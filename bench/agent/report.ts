import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import type { Measured } from "./measure.ts";
import type { Options } from "./options.ts";
import type { Received } from "./service.ts";

export interface Report {
  readonly benchmark: "agent";
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly load1: number;
  };
  readonly node: string;
  readonly cycles: number;
  readonly intervalMs: number;
  readonly programs: readonly Measured[];
  readonly missing: readonly string[];
  /** By agent: what the stand-in for the service was sent. */
  readonly pushed: Readonly<Record<string, Omit<Received, "namespaces"> & { readonly namespaces: number }>>;
  /** CPU of the agent of its own process, as a part of that of node_exporter with the same counters. */
  readonly ratioToNodeExporter: number | null;
  readonly namespace: {
    readonly seen: number;
    readonly cpuMsEach: number;
    readonly childrenMsOfAll: number;
  } | null;
  /** CPU ms a cycle of the profiled agent, which the profiler makes dearer. */
  readonly parts: Readonly<Record<string, number>> | null;
}

export function makeReport(
  { cycles, intervalMs }: Options,
  programs: readonly Measured[],
  missing: readonly string[],
  received: ReadonlyMap<string, Received>,
  parts: ReadonlyMap<string, number> | null,
): Report {
  const named = (name: string) => programs.find((program) => program.name === name);
  const [agent, exporter, all] = [named("agent"), named("node_exporter"), named("agent, namespaces")];
  const seen = received.get("agent, namespaces")?.namespaces.size ?? 0;
  return {
    benchmark: "agent",
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      kernel: readFileSync("/proc/sys/kernel/osrelease", "utf8").trim(),
      load1: loadavg()[0] ?? 0,
    },
    node: process.version,
    cycles,
    intervalMs,
    programs,
    missing,
    pushed: Object.fromEntries(
      [...received].map(([name, one]) => [name, { ...one, namespaces: one.namespaces.size }]),
    ),
    ratioToNodeExporter: agent === undefined || exporter === undefined ? null : agent.cpuMs / exporter.cpuMs,
    namespace:
      agent === undefined || all === undefined
        ? null
        : {
            seen,
            cpuMsEach: seen === 0 ? Number.NaN : (all.cpuMs - agent.cpuMs) / seen,
            childrenMsOfAll: all.childrenMs - agent.childrenMs,
          },
    parts: parts === null ? null : Object.fromEntries([...parts].sort((a, b) => b[1] - a[1])),
  };
}

export function table(report: Report): string {
  const { programs, machine, cycles, intervalMs } = report;
  const exporter = programs.find(({ name }) => name === "node_exporter");
  const rows = programs.map((one) => [
    one.name,
    one.cpuMs.toFixed(2),
    fixed(one.medianMs),
    fixed(one.p95Ms),
    one.childrenMs.toFixed(2),
    exporter === undefined ? "" : `${(one.cpuMs / exporter.cpuMs).toFixed(2)}x`,
    one.rssMb.toFixed(1),
    one.anonymousMb.toFixed(1),
    one.childrenAnonymousMb.toFixed(1),
  ]);
  const head = [
    "",
    "CPU ms",
    "median",
    "p95",
    "children",
    "of node_exporter",
    "RSS MB",
    "anonymous MB",
    "of children",
  ];
  const lines = [
    `${cycles} cycles of ${intervalMs} ms (in use: 10 s), ${machine.cores} x ${machine.cpu}, Linux ${machine.kernel}, Node ${report.node}, load ${machine.load1.toFixed(1)}`,
    ...aligned([head, ...rows]),
    ...programs.map(({ name, does }) => `  ${name}: ${does}`),
  ];
  for (const [name, one] of Object.entries(report.pushed)) {
    const { snapshots, pushes, counters, bytes } = one;
    lines.push(
      `${name} pushed ${snapshots} snapshots in ${pushes} pushes, ${counters} counters of the root, ${Math.round(bytes / pushes)} bytes a push`,
    );
  }
  const { namespace, parts } = report;
  if (namespace !== null) {
    const { seen, cpuMsEach, childrenMsOfAll } = namespace;
    lines.push(
      `each of ${seen} further namespaces: ${cpuMsEach.toFixed(3)} ms a cycle; children for all of them: ${childrenMsOfAll.toFixed(2)} ms a cycle`,
    );
  }
  if (parts !== null) {
    lines.push("parts of a cycle by --cpu-prof, ms, dearer than without:");
    for (const [part, ms] of Object.entries(parts)) lines.push(`  ${part.padEnd(20)} ${ms.toFixed(2)}`);
  }
  for (const one of report.missing) lines.push(`not measured, not in PATH: ${one}`);
  return `${lines.join("\n")}\n`;
}

function fixed(value: number | null): string {
  return value === null ? "" : value.toFixed(2);
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}
