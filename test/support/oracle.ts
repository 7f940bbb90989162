/**
 * Increases by the table of docs/architecture.md, row by row, in BigInt, over a namespace's whole history:
 * slow, plain, and sharing no code with src/rates.
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
}

export interface OracleMinute {
  total: bigint;
  unrated: bigint;
}

const MINUTE = 60_000;
const DAY = 24 * 3_600_000;

/** What each counter did in each minute, keyed "counter minute"; minutes and counters that did not move are left out. */
export function oracleMinutes(history: readonly OracleSnapshot[]): Map<string, OracleMinute> {
  const minutes = new Map<string, OracleMinute>();
  const sorted = [...history].sort((a, b) => a.at - b.at);
  sorted.forEach((now, index) => {
    const earlier = sorted.slice(0, index);
    const before = earlier.findLast((one) => one.boot === now.boot && one.epoch === now.epoch);
    for (const [counter, value] of Object.entries(now.values)) {
      const [grown, rated] = increase(counter, value, now, before, earlier.at(-1));
      if (grown === 0n) continue;
      const key = `${counter} ${Math.floor(now.at / MINUTE) * MINUTE}`;
      const minute = minutes.get(key) ?? { total: 0n, unrated: 0n };
      minute.total += grown;
      if (!rated) minute.unrated += grown;
      minutes.set(key, minute);
    }
  });
  return minutes;
}

function increase(
  counter: string,
  value: bigint,
  now: OracleSnapshot,
  before: OracleSnapshot | undefined,
  last: OracleSnapshot | undefined,
): [grown: bigint, rated: boolean] {
  if (before === undefined) {
    const newBoot = now.epoch === 0 && last !== undefined && last.boot !== now.boot;
    return newBoot && now.at - now.uptimeMs > last.at ? [value, false] : [0n, false];
  }
  const elapsed = now.uptimeMs - before.uptimeMs;
  if (elapsed <= 0 || now.at - before.at > DAY || recreated(before, now)) return [0n, false];
  const rated = elapsed <= Math.max(30_000, 2.5 * now.everyMs);
  const old = before.values[counter];
  if (old === undefined) return [0n, false];
  if (value >= old) return [value - old, rated];
  const wraps = now.wordSize === 32 && old > 2n ** 31n && old < 2n ** 32n && value < 2n ** 32n;
  return wraps ? [value + 2n ** 32n - old, rated] : [0n, false];
}

/** Half or more of the non-zero counters fell, and not by wrapping. */
function recreated(before: OracleSnapshot, now: OracleSnapshot): boolean {
  let nonZero = 0;
  let fell = 0;
  for (const [counter, old] of Object.entries(before.values)) {
    const value = now.values[counter];
    if (value === undefined) continue;
    if (old !== 0n || value !== 0n) nonZero++;
    const wraps = now.wordSize === 32 && old > 2n ** 31n && old < 2n ** 32n && value < 2n ** 32n;
    if (value < old && !wraps) fell++;
  }
  return fell > 1 && fell * 2 >= nonZero;
}
