/** Numbers as a person reads them in a sentence: the same on every machine, in no locale. */

/** Three digits that count, thousands apart: `4,049`, `12.3`, `0.02`. */
export function plain(value: number): string {
  if (Math.abs(value) < 100) return String(Number(value.toPrecision(3)));
  const digits = BigInt(Math.round(value)).toString();
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `56 %`, `0.4 %` */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} %`;
}

/** `10 s`, `3 min`, `2.5 h`, `4 d`: in the largest unit of which there is at least one and a half. */
export function span(ms: number): string {
  for (const [unit, size] of UNITS)
    if (ms >= size * 1.5) return `${Number((ms / size).toPrecision(2))} ${unit}`;
  return `${Number((ms / 1000).toPrecision(2))} s`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** `2026-11-22 10:42 UTC` */
export function clock(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `1 host`, `3 hosts` */
export function several(count: number, noun: string): string {
  return `${plain(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `a`, `a and b`, `a, b and c` */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
