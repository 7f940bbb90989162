/** One run of the generator against a deployment, and what all processes did meanwhile. */
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { machineBusyMs } from "../support/cpu.ts";
import { percentile } from "../support/percentile.ts";
import { type ByProcess, type Deployment, type Metrics, PROCESSES } from "./deployment.ts";
import type { Generator } from "./generator-client.ts";
import type { Part, Ran } from "./generator-protocol.ts";

export interface Measured {
  readonly ran: Ran;
  readonly seconds: number;
  /** CPU by process, in seconds. */
  readonly cpuS: ByProcess;
  /** The most that was seen, in MB. */
  readonly peakMb: ByProcess;
  /** Share of a core that the thread of JavaScript took. */
  readonly thread: { readonly service: number; readonly worker: number };
  /** 99th percentile of how late the event loop was, the worst of some seconds, in ms. */
  readonly loopMs: { readonly service: number; readonly worker: number };
  readonly lag: {
    readonly p50: number;
    readonly p95: number;
    readonly max: number;
    /** Of the shard furthest behind; late snapshots do not raise it. */
    readonly settledMax: number;
    readonly marksMax: number;
    /** From the beginning until it was 0 for the first time after it had not been; 0 when it always was. */
    readonly backAfterS: number;
  };
  /** A group commit of the service, on average, in ms; NaN when there was none. */
  readonly commitMs: number;
  /** Of the service's own port. */
  readonly listener: { readonly queueMax: number; readonly overflows: number };
  readonly machine: {
    readonly load1: number;
    /** Cores that programs took which are no part of the run. */
    readonly othersCores: number;
  };
}

const LOOK_MS = 1_000;
/** Memory and metrics are looked at each so many looks: both cost those who are looked at. */
const DEEP_LOOKS = 5;
const DRAIN_MS = 30_000;
/** A run is asked for so long before it begins: a message to a busy process takes a while. */
const LEAD_MS = 1_000;

/** @param untilSettled goes on looking, after the last answer, until the rollups have caught up */
export async function measure(
  deployment: Deployment,
  generator: Generator,
  parts: readonly Part[],
  untilSettled = false,
): Promise<Measured> {
  const beginMs = await generator.plan(parts);
  // What a process only does once is done before what counts.
  const [metricsBefore] = await Promise.all([deployment.metrics(), deployment.rollup()]);
  await sleep(Math.max(0, beginMs - LEAD_MS - Date.now()));

  const since = performance.now();
  const before = { ...reading(deployment), own: process.cpuUsage() };
  const looks = new Looks(deployment, since);
  let over = false;
  const running = generator.run(DRAIN_MS).finally(() => {
    over = true;
  });
  const watching = (async () => {
    while (!over) await looks.next();
  })();
  const ran = await running;
  await watching;
  const after = reading(deployment);
  const seconds = (performance.now() - since) / 1_000;
  const own = process.cpuUsage(before.own);
  const load1 = loadavg()[0] ?? 0;
  const metricsAfter = await deployment.metrics();
  const grown = (name: string) =>
    (metricsAfter.service.get(name) ?? Number.NaN) - (metricsBefore.service.get(name) ?? Number.NaN);
  while (untilSettled && looks.isBehind) await looks.next();

  const cpuS = byProcess((name) => (after.cpuMs[name] - before.cpuMs[name]) / 1_000);
  const oursS =
    PROCESSES.reduce((sum, name) => sum + cpuS[name], 0) +
    ran.own.cpuMs / 1_000 +
    (own.user + own.system) / 1e6;
  const thread = (name: "service" | "worker") =>
    (after.threadMs[name] - before.threadMs[name]) / 1_000 / seconds;
  return {
    ran,
    seconds,
    cpuS,
    thread: { service: thread("service"), worker: thread("worker") },
    ...looks.summary(),
    commitMs:
      (grown("spillway_ingest_commit_seconds_sum") / grown("spillway_ingest_commit_seconds_count")) * 1_000,
    listener: { queueMax: looks.queueMax, overflows: grown("spillway_listener_overflows_total") },
    machine: {
      load1,
      othersCores: Math.max(0, (after.busyMs - before.busyMs) / 1_000 / seconds - oursS / seconds),
    },
  };
}

function reading(deployment: Deployment) {
  return { cpuMs: deployment.cpuMs(), threadMs: deployment.threadCpuMs(), busyMs: machineBusyMs() };
}

function byProcess(value: (name: (typeof PROCESSES)[number]) => number): ByProcess {
  return {
    service: value("service"),
    worker: value("worker"),
    Postgres: value("Postgres"),
    Redis: value("Redis"),
  };
}

/** What is looked at again and again meanwhile. */
class Looks {
  readonly #deployment: Deployment;
  readonly #since: number;
  readonly #lags: number[] = [];
  #settledMax = 0;
  #marksMax = 0;
  #wasBehindAt = 0;
  #backAfterMs = 0;
  #peak = byProcess(() => 0);
  #loop = { service: 0, worker: 0 };
  #count = 0;
  queueMax = 0;

  constructor(deployment: Deployment, since: number) {
    this.#deployment = deployment;
    this.#since = since;
  }

  get isBehind(): boolean {
    return (this.#lags.at(-1) ?? 0) > 0;
  }

  async next(): Promise<void> {
    const deep = this.#count++ % DEEP_LOOKS === 0;
    const [{ lag, settledLag, pendingMarks }] = await Promise.all([
      this.#deployment.rollup(),
      deep ? this.#deep() : null,
      sleep(LOOK_MS),
    ]);
    this.#lags.push(lag);
    this.#settledMax = Math.max(this.#settledMax, settledLag);
    this.#marksMax = Math.max(this.#marksMax, pendingMarks);
    const at = performance.now() - this.#since;
    if (lag > 0) this.#wasBehindAt = at;
    else if (this.#wasBehindAt > this.#backAfterMs) this.#backAfterMs = at;
  }

  async #deep(): Promise<void> {
    const memory = this.#deployment.memoryMb();
    const peak = this.#peak;
    this.#peak = byProcess((name) => Math.max(peak[name], memory[name]));
    const { service, worker } = await this.#deployment.metrics();
    this.#loop = {
      service: Math.max(this.#loop.service, loopOf(service)),
      worker: Math.max(this.#loop.worker, loopOf(worker)),
    };
    this.queueMax = Math.max(this.queueMax, service.get("spillway_listener_accept_queue") ?? Number.NaN);
  }

  summary(): Pick<Measured, "peakMb" | "loopMs" | "lag"> {
    return {
      peakMb: this.#peak,
      loopMs: this.#loop,
      lag: {
        p50: percentile(this.#lags, 0.5),
        p95: percentile(this.#lags, 0.95),
        max: percentile(this.#lags, 1),
        settledMax: this.#settledMax,
        marksMax: this.#marksMax,
        backAfterS: this.#backAfterMs / 1_000,
      },
    };
  }
}

function loopOf(metrics: Metrics): number {
  return (metrics.get("spillway_nodejs_eventloop_lag_p99_seconds") ?? Number.NaN) * 1_000;
}
