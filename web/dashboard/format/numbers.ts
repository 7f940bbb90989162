/** Numbers as people read them. Nothing here knows a clock or a locale: the same input is the same text everywhere. */

const ABSENT = "–";
const SUFFIXES = ["", "k", "M", "G", "T"] as const;

/** Three significant digits, thousands as k, M ...: 0.042, 12, 1.23k, 45.6M. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return ABSENT;
  if (value === 0) return "0";
  const size = Math.abs(value);
  // The digits are rounded first: 999,950 is 1M and not 1000k.
  const rounded = Number(size.toPrecision(3));
  const power = Math.min(Math.max(0, Math.floor(Math.log10(rounded) / 3)), SUFFIXES.length - 1);
  const scaled = rounded / 1000 ** power;
  const text = scaled < 0.001 ? scaled.toExponential(1) : trimZeros(scaled.toPrecision(3));
  return `${value < 0 ? "−" : ""}${text}${SUFFIXES[power] ?? ""}`;
}

/** A whole number with its thousands apart, exact whatever its size: 1,234,567. */
export function formatCount(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Per second: 12/s, 0.5/s; what is rarer than one in ten seconds by the minute or the hour. */
export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined || !Number.isFinite(perSecond)) return ABSENT;
  const [unit, seconds] = rateUnit(perSecond);
  return `${formatNumber(perSecond * seconds)}${unit}`;
}

/** Rates beside each other, as on an axis: all in the unit that the greatest has. */
export function formatRates(perSecond: readonly number[]): string[] {
  const [unit, seconds] = rateUnit(Math.max(0, ...perSecond.map(Math.abs)));
  return perSecond.map((one) => `${formatNumber(one * seconds)}${unit}`);
}

/** The unit that a rate is told in, and how many seconds it has. */
function rateUnit(perSecond: number): readonly [string, number] {
  const size = Math.abs(perSecond);
  if (size === 0 || size >= 0.1) return ["/s", 1];
  return size >= 1 / 600 ? ["/min", 60] : ["/h", 3_600];
}

/** 0 to 1 as per cent, by two digits: 4.2 %, 38 %, 0.03 %; what is too small to tell is "< 0.01 %". */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return ABSENT;
  return `${percent(share)} %`;
}

/** An estimate with its range: 4.2 % (1.1–9.0 %). Without a range, or where it has no width, the estimate alone. */
export function formatShareRange({
  share,
  low,
  high,
}: {
  readonly share: number | null | undefined;
  readonly low: number | null | undefined;
  readonly high: number | null | undefined;
}): string {
  const estimate = formatShare(share);
  if (share == null || low == null || high == null) return estimate;
  const [from, to] = [percent(low), percent(high)];
  return from === to ? estimate : `${estimate} (${from}–${to} %)`;
}

/** 1,536 bytes as 1.5 KiB. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return ABSENT;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${trimZeros((bytes / 1024 ** power).toPrecision(3))} ${units[power] ?? ""}`;
}

/** `1 host`, `3 hosts`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** What a counter counts, of so many: `packets`, or of one `packet`. @param unit of the API, of a counter or of its rate */
export function unitWord(unit: string, count: string): string {
  const many = unit.replace(/\/s$/, "");
  if (count !== "1") return many;
  return many.replace(/ies$/, "y").replace(/([^s])s$/, "$1");
}

function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return "0";
  if (Math.abs(value) < 0.01) return "< 0.01";
  if (Math.abs(value) >= 99.5) return value.toFixed(0);
  return value.toPrecision(2);
}

function trimZeros(text: string): string {
  return text.includes("e") || !text.includes(".") ? Number(text).toString() : text.replace(/\.?0+$/, "");
}
