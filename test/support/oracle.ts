/**
 * What the rollups of a namespace have to say, by the tables of docs/architecture.md, row by row, in BigInt, over
 * its whole history: slow, plain, and sharing no code with src/rates.
 */

export interface OracleSnapshot {
  readonly at: number;
  readonly uptimeMs: number;
  readonly everyMs: number;
  readonly boot: string;
  readonly epoch: number;
  readonly wordSize: 32 | 64;
  /** By counter; one that is missing is absent. */
  readonly values: Readonly<Record<string, bigint>>;
  /** The names of its layout, in order; those of `values` when it is not said. */
  readonly layout?: readonly string[];
  /** Uptime at which the namespace was born, where it is flagged as counting from zero. */
  readonly bornUptimeMs?: number;
  readonly listeners?: OracleListeners;
}

export interface OracleListeners {
  readonly samples: number;
  readonly complete: boolean;
  readonly sockets: readonly OracleSocket[];
}

export interface OracleSocket {
  readonly inode: string;
  readonly drops: number | null;
  readonly limit: number | null;
  readonly peakQueue: number;
  readonly samplesFull: number;
  /** What waited at the newest sample; left out, as many as at its longest. */
  readonly lastQueue?: number;
}

export interface OracleMinute {
  total: bigint;
  unrated: bigint;
}

export interface OracleGauge {
  last: bigint;
  lowest: bigint;
  highest: bigint;
}

export interface OracleListenerMinute {
  samples: number;
  samplesFull: number;
  peakQueue: number;
  limit: number | null;
  weight: number;
}

const MINUTE = 60_000;
const DAY = 24 * 3_600_000;
const GAUGES = ["TcpCurrEstab"];
const CONSTANTS = ["TcpRtoMin"];

/** What each counter did in each minute, keyed "counter minute"; minutes and counters that did not move are left out. */
export function oracleMinutes(history: readonly OracleSnapshot[]): Map<string, OracleMinute> {
  const minutes = new Map<string, OracleMinute>();
  for (const { now, before, last } of withPredecessors(history)) {
    for (const [counter, value] of Object.entries(now.values)) {
      if (isNoCounter(counter)) continue;
      const [grown, rated] = increase(counter, value, now, before, last);
      if (grown === 0n) continue;
      const key = `${counter} ${minuteOf(now)}`;
      const minute = minutes.get(key) ?? { total: 0n, unrated: 0n };
      minute.total += grown;
      if (!rated) minute.unrated += grown;
      minutes.set(key, minute);
    }
  }
  return minutes;
}

/** For how many ms rates may be told, keyed "layout minute"; 0 where a layout gave baselines only. */
export function oracleCoverage(history: readonly OracleSnapshot[]): Map<string, number> {
  const covered = new Map<string, number>();
  for (const { now, before } of withPredecessors(history)) {
    const key = `${layoutOf(now)} ${minuteOf(now)}`;
    covered.set(key, (covered.get(key) ?? 0) + ratedMs(now, before));
  }
  return covered;
}

/** What each gauge showed in each minute, keyed "gauge minute". */
export function oracleGauges(history: readonly OracleSnapshot[]): Map<string, OracleGauge> {
  const minutes = new Map<string, OracleGauge>();
  for (const now of sorted(history)) {
    for (const name of GAUGES) {
      const value = now.values[name];
      if (value === undefined) continue;
      const key = `${name} ${minuteOf(now)}`;
      const gauge = minutes.get(key) ?? { last: value, lowest: value, highest: value };
      gauge.last = value;
      if (value < gauge.lowest) gauge.lowest = value;
      if (value > gauge.highest) gauge.highest = value;
      minutes.set(key, gauge);
    }
  }
  return minutes;
}

/** What each listener did in each minute that there is something to tell of, keyed "inode minute". */
export function oracleListeners(history: readonly OracleSnapshot[]): Map<string, OracleListenerMinute> {
  const minutes = new Map<string, OracleListenerMinute>();
  const worth = new Set<string>();
  const all = sorted(history);
  all.forEach((now, index) => {
    if (now.listeners === undefined) return;
    const earlier = all
      .slice(0, index)
      .filter((one) => one.boot === now.boot && one.epoch === now.epoch && one.listeners !== undefined);
    const { samples, complete, sockets } = now.listeners;
    for (const socket of sockets) {
      const key = `${socket.inode} ${minuteOf(now)}`;
      const old = listedLast(socket.inode, earlier, now.at);
      const dropped = dropsGrew(earlier.at(-1), now);
      const weight = old !== null && dropped ? dropsGrowth(old.drops, socket.drops) : 0;
      const before = old === null ? [] : earlier.filter((one) => minuteOf(one) === minuteOf(now));
      const sampledBefore = before.reduce((sum, one) => sum + (one.listeners?.samples ?? 0), 0);
      const minute = minutes.get(key) ?? {
        samples: sampledBefore,
        samplesFull: 0,
        peakQueue: 0,
        limit: null,
        weight: 0,
      };
      minute.samples += samples;
      minute.samplesFull += socket.samplesFull;
      minute.peakQueue = Math.max(minute.peakQueue, socket.peakQueue);
      minute.limit = socket.limit;
      minute.weight += weight;
      minutes.set(key, minute);
      if (old === null || old.limit !== socket.limit) worth.add(key);
      if (weight > 0 || socket.peakQueue > 0 || socket.samplesFull > 0) worth.add(key);
    }
    if (complete) return;
    // Not listed, and so as it was: it was sampled as well, if it was listed earlier in this minute.
    for (const [key, minute] of minutes) {
      const [inode = "", start] = key.split(" ");
      if (Number(start) !== minuteOf(now) || sockets.some((socket) => socket.inode === inode)) continue;
      if (listedLast(inode, earlier, now.at) !== null) minute.samples += samples;
    }
  });
  return new Map([...minutes].filter(([key]) => worth.has(key)));
}

/** A socket as it was listed last before; null when it never was, or not for a day, or a complete list lacks it since. */
function listedLast(inode: string, earlier: readonly OracleSnapshot[], at: number): OracleSocket | null {
  for (const one of [...earlier].reverse()) {
    if (at - one.at > DAY) return null;
    const listed = one.listeners?.sockets.find((socket) => socket.inode === inode);
    if (listed !== undefined) return listed;
    if (one.listeners?.complete) return null;
  }
  return null;
}

function dropsGrew(before: OracleSnapshot | undefined, now: OracleSnapshot): boolean {
  const value = now.values.TcpExtListenDrops;
  if (before === undefined || value === undefined || isOld(before, now)) return false;
  return increase("TcpExtListenDrops", value, now, before, before)[0] > 0n;
}

function dropsGrowth(old: number | null, now: number | null): number {
  if (old === null || now === null) return 0;
  if (now >= old) return now - old;
  return old > 2 ** 31 ? now + 2 ** 32 - old : 0;
}

interface Step {
  readonly now: OracleSnapshot;
  /** The one before it of the same epoch, however old. */
  readonly before: OracleSnapshot | undefined;
  /** The one before it of any. */
  readonly last: OracleSnapshot | undefined;
}

function withPredecessors(history: readonly OracleSnapshot[]): Step[] {
  const all = sorted(history);
  return all.map((now, index) => {
    const earlier = all.slice(0, index);
    const before = earlier.findLast((one) => one.boot === now.boot && one.epoch === now.epoch);
    return { now, before, last: earlier.at(-1) };
  });
}

function sorted(history: readonly OracleSnapshot[]): OracleSnapshot[] {
  return [...history].sort((a, b) => a.at - b.at);
}

function minuteOf({ at }: OracleSnapshot): number {
  return Math.floor(at / MINUTE) * MINUTE;
}

/** A layout's name among those of a test. */
export function layoutOf({ layout, values }: OracleSnapshot): string {
  return (layout ?? Object.keys(values)).join(",");
}

function isNoCounter(name: string): boolean {
  return GAUGES.includes(name) || CONSTANTS.includes(name);
}

function increase(
  counter: string,
  value: bigint,
  now: OracleSnapshot,
  before: OracleSnapshot | undefined,
  last: OracleSnapshot | undefined,
): [grown: bigint, rated: boolean] {
  if (before === undefined || isOld(before, now)) {
    if (now.bornUptimeMs !== undefined) return [value, true];
    const known = last !== undefined && !isOld(last, now);
    const newBoot = now.epoch === 0 && now.uptimeMs > 0 && known && last.boot !== now.boot;
    return newBoot && now.at - now.uptimeMs > last.at ? [value, false] : [0n, false];
  }
  if (isBaseline(before, now)) return [0n, false];
  const rated = ratedMs(now, before) > 0;
  const old = before.values[counter];
  if (old === undefined) return [0n, false];
  if (value >= old) return [value - old, rated];
  return wraps(old, value, now) ? [value + 2n ** 32n - old, rated] : [0n, false];
}

/** The time that increases took; 0 where no rate may be told. */
function ratedMs(now: OracleSnapshot, before: OracleSnapshot | undefined): number {
  if (before === undefined || isOld(before, now)) {
    return now.bornUptimeMs === undefined ? 0 : Math.max(1, now.uptimeMs - now.bornUptimeMs);
  }
  const elapsed = now.uptimeMs - before.uptimeMs;
  return isBaseline(before, now) || elapsed > Math.max(30_000, 2.5 * now.everyMs) ? 0 : elapsed;
}

function isBaseline(before: OracleSnapshot, now: OracleSnapshot): boolean {
  return now.uptimeMs <= before.uptimeMs || recreated(before, now);
}

/** What is older than a day says nothing of what came after. */
function isOld(before: OracleSnapshot, now: OracleSnapshot): boolean {
  return now.at - before.at > DAY;
}

function wraps(old: bigint, value: bigint, { wordSize }: OracleSnapshot): boolean {
  return wordSize === 32 && old > 2n ** 31n && old < 2n ** 32n && value < 2n ** 32n;
}

/** Half or more of the non-zero counters fell, and not by wrapping. */
function recreated(before: OracleSnapshot, now: OracleSnapshot): boolean {
  let nonZero = 0;
  let fell = 0;
  for (const [counter, old] of Object.entries(before.values)) {
    const value = now.values[counter];
    if (value === undefined || isNoCounter(counter)) continue;
    if (old !== 0n || value !== 0n) nonZero++;
    if (value < old && !wraps(old, value, now)) fell++;
  }
  return fell > 1 && fell * 2 >= nonZero;
}
