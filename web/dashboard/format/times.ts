/** Moments and spans of time as people read them: in UTC or in the browser's zone, by a 24-hour clock. */

export type Zone = "utc" | "local";

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** The two greatest units of a span: 2d 4h, 5m 10s, 12s; below a second in ms. */
export function formatSpan(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[first] ?? ["s", 1_000];
  const whole = Math.floor(ms / size);
  const next = UNITS[first + 1];
  if (next === undefined) return `${whole}${unit}`;
  const rest = Math.floor((ms - whole * size) / next[1]);
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit} ${rest}${next[0]}`;
}

/** How long ago, to the greatest unit: 12s ago, 3h ago; "just now" below two seconds, and for what is yet to come "in 3h". */
export function formatAgo(at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < 2_000) return "just now";
  const [span = ""] = formatSpan(Math.abs(ms)).split(" ");
  return ms > 0 ? `${span} ago` : `in ${span}`;
}

/** 24 Nov 12:03:10; the year only when it is not `now`'s. */
export function formatTime(at: number, zone: Zone, { seconds = false, now = at } = {}): string {
  const parts = partsOf(at, zone);
  const year = parts.year === partsOf(now, zone).year ? "" : ` ${parts.year}`;
  return `${Number(parts.day)} ${parts.month}${year} ${parts.hour}:${parts.minute}${seconds ? `:${parts.second}` : ""}`;
}

/** Of a range: the day is said once when both ends lie on it; a year only when it is not `now`'s. */
export function formatRange(from: number, to: number, zone: Zone, now: number): string {
  const [start, end] = [formatTime(from, zone, { now }), formatTime(to, zone, { now })];
  const day = start.slice(0, start.lastIndexOf(" "));
  return end.startsWith(`${day} `) ? `${start} – ${end.slice(day.length + 1)}` : `${start} – ${end}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function partsOf(at: number, zone: Zone) {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return zone === "utc"
    ? {
        year: date.getUTCFullYear(),
        month: MONTHS[date.getUTCMonth()] ?? "",
        day: date.getUTCDate(),
        hour: two(date.getUTCHours()),
        minute: two(date.getUTCMinutes()),
        second: two(date.getUTCSeconds()),
      }
    : {
        year: date.getFullYear(),
        month: MONTHS[date.getMonth()] ?? "",
        day: date.getDate(),
        hour: two(date.getHours()),
        minute: two(date.getMinutes()),
        second: two(date.getSeconds()),
      };
}

/** The API's spans: 500ms, 30s, 5m, 2h, 7d, 4w. @returns ms; null for what is none */
export function parseSpan(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
  if (match === null) return null;
  const sizes: Readonly<Record<string, number>> = {
    ms: 1,
    s: 1_000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
    w: 604_800_000,
  };
  return Number(match[1]) * (sizes[match[2] ?? ""] ?? 0);
}
