/** A run in Markdown: a table of the shapes, one of the ramp, and what each has to say besides. */
import { readFileSync, writeFileSync } from "node:fs";
import { hasRedis } from "../../test/support/redis.ts";
import { machine, round, type Report as ServiceReport } from "../support/figure.ts";
import { PROCESSES } from "./deployment.ts";
import type { Options } from "./options.ts";
import type { Row } from "./shape.ts";
import { heldOut } from "./shapes/ramp.ts";
import { generatorFault } from "./verdict.ts";

export interface Report {
  readonly benchmark: "load";
  readonly machine: ServiceReport["machine"];
  readonly node: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly sizes: Options["sizes"];
  readonly rows: readonly Row[];
  /** False where the queue was in Postgres, since Redis is not installed. */
  readonly redis: boolean;
}

export function makeReport(sizes: Options["sizes"], rows: readonly Row[]): Report {
  return {
    benchmark: "load",
    machine: machine(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    sizes,
    redis: hasRedis,
    rows,
  };
}

export function markdown({ machine, node, date, sizes, rows, redis }: Report): string {
  const loads = rows.map(({ measured }) => measured.machine);
  const spread = (values: readonly number[]) =>
    `${round(Math.min(...values))} to ${round(Math.max(...values))}`;
  const head = [
    `${date}, ${machine.cores} x ${machine.cpu}, Linux ${machine.kernel}, Node ${node}; ${sizes.seconds} s of each.`,
    `Load average ${spread(loads.map(({ load1 }) => load1))}; other programs took ${spread(loads.map(({ othersCores }) => othersCores))} of the ${machine.cores} cores meanwhile.`,
    ...(redis ? [] : ["Redis is not installed: the queue was in Postgres."]),
  ].join(" ");
  const parts = [head];
  const ramp = rows.filter(({ shape }) => shape === "ramp");
  const others = rows.filter(({ shape }) => shape !== "ramp");
  if (others.length > 0) parts.push(tables(others), notesOf(others));
  if (ramp.length > 0) parts.push(knee(ramp, sizes.intervalMs), tables(ramp), notesOf(ramp));
  return parts.filter((part) => part !== "").join("\n\n");
}

/** The ramp's answer. */
function knee(rows: readonly Row[], intervalMs: number): string {
  const sorted = [...rows].sort((one, other) => samplesPerSecond(one) - samplesPerSecond(other));
  const held = sorted.filter(({ measured }) => heldOut(measured, intervalMs)).at(-1);
  const gaveWay = sorted.find(({ measured }) => !heldOut(measured, intervalMs));
  const first = `**Held: ${held?.name ?? "none"}**, with a lag of rollups and a 99th percentile of acks under one interval.`;
  return gaveWay === undefined
    ? `${first} Nothing gave way up to there: it was not tried further.`
    : `${first} Not held: ${gaveWay.name}.`;
}

function samplesPerSecond({ measured: { ran } }: Row): number {
  return Object.values(ran.sent).reduce((sum, { samples }) => sum + samples, 0) / ran.seconds;
}

function tables(rows: readonly Row[]): string {
  return [
    table(
      [
        "shape",
        "pushes/s",
        "ack p50",
        "p95",
        "p99",
        "max ms",
        "lag p50",
        "p95",
        "max s",
        "bytes a sample",
        "sent late, p99 ms",
      ],
      rows.map(({ name, label, measured }) => {
        const { ran, lag } = measured;
        const sent = ran.sent[label];
        const of = (value: number | undefined) => round(value ?? Number.NaN);
        return [
          name,
          of((sent?.requests ?? 0) / ran.seconds),
          ...[sent?.p50Ms, sent?.p95Ms, sent?.p99Ms, sent?.maxMs].map(of),
          ...[lag.p50, lag.p95, lag.max].map(of),
          of((sent?.bytes ?? 0) / (sent?.samples ?? 0)),
          of(ran.own.lateP99Ms),
        ];
      }),
    ),
    table(
      [
        "CPU s for a million samples",
        ...PROCESSES,
        "all",
        ...PROCESSES.map((name) => `${name}, MB at most`),
        "ms a commit",
        "loop late p99, service, ms",
        "worker",
        "cores in all",
        "generator's",
      ],
      onceEach(rows).map((row) => {
        const { name, measured } = row;
        const { cpuS, ran, seconds, peakMb, commitMs, loopMs } = measured;
        const millions = (samplesPerSecond(row) * ran.seconds) / 1e6;
        const all = PROCESSES.reduce((sum, process) => sum + cpuS[process], 0);
        return [
          name,
          ...PROCESSES.map((process) => round(cpuS[process] / millions)),
          round(all / millions),
          ...PROCESSES.map((process) => round(peakMb[process])),
          ...[commitMs, loopMs.service, loopMs.worker].map(round),
          (all / seconds).toFixed(2),
          (ran.own.cpuMs / 1_000 / seconds).toFixed(2),
        ];
      }),
    ),
  ].join("\n\n");
}

/** Rows of one run have the same CPU: told once. */
function onceEach(rows: readonly Row[]): Row[] {
  return rows.filter((row, index) => rows.findIndex(({ measured }) => measured === row.measured) === index);
}

function notesOf(rows: readonly Row[]): string {
  return rows
    .flatMap(({ name, notes, measured }) => {
      const { listener, ran } = measured;
      const fault = generatorFault(measured);
      const all = [
        ...notes,
        ...Object.entries(ran.sent).flatMap(([label, { unanswered, again }]) => [
          ...(again > 0 ? [`${label} were sent again ${again} times, told to come back or cut`] : []),
          ...(unanswered > 0 ? [`${unanswered} ${label} were not answered`] : []),
        ]),
        ...(ran.own.skipped > 0
          ? [`${ran.own.skipped} requests were left out, for they were encoded too late`]
          : []),
        ...(listener.overflows > 0
          ? [
              `${listener.overflows} overflows of accept queues were counted in the network namespace, where others may listen too; the service's own was seen to hold ${listener.queueMax}`,
            ]
          : []),
        ...(fault !== null && !notes.some((note) => note.includes(fault))
          ? [`**the generator was what bounded it: ${fault}**`]
          : []),
      ];
      return all.length === 0 ? [] : [`- ${name}: ${all.join("; ")}.`];
    })
    .join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const DOCS = new URL("../../docs/performance.md", import.meta.url);
const BEGIN = "<!-- npm run bench:load -- --write: from here -->";
const END = "<!-- to here -->";

/** Puts tables between the markers of docs/performance.md. @throws Error when they are not there */
export function writeDocs(text: string): void {
  const docs = readFileSync(DOCS, "utf8");
  const [from, to] = [docs.indexOf(BEGIN), docs.indexOf(END)];
  if (from === -1 || to < from)
    throw new Error(`docs/performance.md has no "${BEGIN}" with "${END}" after it`);
  writeFileSync(DOCS, `${docs.slice(0, from + BEGIN.length)}\n\n${text}\n\n${docs.slice(to)}`);
}
