/** What processes that live through a run hold, and whether it grows. */
import { readFile } from "node:fs/promises";

/** A reading, in ms since the run began and MB of resident memory. */
export interface Held {
  readonly atMs: number;
  readonly mb: number;
}

export interface Trend {
  /** The medians of the second quarter of the run and of its last, in MB. */
  readonly before: number;
  readonly after: number;
  /** Of the line of least squares through all but the first quarter, in MB an hour. */
  readonly slopeMbPerHour: number;
  readonly minutes: number;
}

/** In a shorter run caches and heaps still fill. */
export const TREND_MINUTES = 30;
/** What is held at the end of a long run, beside what was held when it had warmed up: more is a leak. */
const GROWTH = 1.25;
const EVERY_MS = 10_000;
const HOUR_MS = 3_600_000;

/** Reads what processes hold, by role, until it is told to stop. */
export class MemoryWatch {
  readonly held = new Map<string, Held[]>();
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();

  /** @param pids whom to look at, by role, as they are at that moment */
  constructor(pids: () => ReadonlyMap<string, number>) {
    this.#timer = setInterval(() => {
      for (const [role, pid] of pids()) void this.#read(role, pid);
    }, EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #read(role: string, pid: number): Promise<void> {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kb = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
    if (!Number.isFinite(kb)) return;
    const readings = this.held.get(role) ?? [];
    readings.push({ atMs: performance.now() - this.#began, mb: kb / 1_024 });
    this.held.set(role, readings);
  }
}

/** @returns null for less than {@link TREND_MINUTES}, of which nothing can be said */
export function trendOf(readings: readonly Held[]): Trend | null {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) return null;
  const minutes = (last.atMs - first.atMs) / 60_000;
  if (minutes < TREND_MINUTES) return null;
  // The first quarter warms up: code is compiled, pools and caches are filled.
  const quarter = Math.floor(readings.length / 4);
  const warm = readings.slice(quarter);
  return {
    before: median(warm.slice(0, quarter).map(({ mb }) => mb)),
    after: median(readings.slice(-quarter).map(({ mb }) => mb)),
    slopeMbPerHour: leastSquares(warm) * HOUR_MS,
    minutes,
  };
}

/** What grew too much of what lived through a run, by role: violations of I9. */
export function leaksOf(held: ReadonlyMap<string, readonly Held[]>): { invariant: "I9"; what: string }[] {
  return [...held].flatMap(([role, readings]) => {
    const trend = trendOf(readings);
    if (trend === null || trend.after <= trend.before * GROWTH) return [];
    const what = `a ${role} grew from ${trend.before.toFixed(0)} to ${trend.after.toFixed(0)} MB`;
    return [{ invariant: "I9", what: `${what} in ${trend.minutes.toFixed(0)} minutes` }];
  });
}

/** @returns MB a ms */
function leastSquares(readings: readonly Held[]): number {
  const mean = (of: (one: Held) => number) =>
    readings.reduce((sum, one) => sum + of(one), 0) / readings.length;
  const [at, mb] = [mean((one) => one.atMs), mean((one) => one.mb)];
  const covariance = mean((one) => (one.atMs - at) * (one.mb - mb));
  return covariance / mean((one) => (one.atMs - at) ** 2);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
