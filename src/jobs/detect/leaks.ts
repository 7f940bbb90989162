import type { PositionFlag, ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import type { Expectation } from "../../detect/detectors/burst.ts";
import { judgeLeak, LEAK_HOURS, type LeakHour } from "../../detect/detectors/leak.ts";
import { SEASONAL_SERIES, type Series } from "../../detect/series.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import { POSITIONS } from "../../rates/shard-sums.ts";
import type { ShardColumns, WantedColumns } from "../../store/detect/shard-minutes.ts";
import type { Span } from "../../store/history/record.ts";
import type { ZoneOffsets } from "./zone-offsets.ts";

const HOUR_MS = 60 * MINUTE_MS;
/** An hour is summed up by then, also by workers that are busy: until then the one before it is the newest. */
const SUMMED_UP_MS = 10 * MINUTE_MS;
/** An hour that less of was covered may have missed when few connections were open. */
const COVERED_MIN_MS = 50 * MINUTE_MS;

const OPEN = seriesOf("TcpCurrEstab");
const ARRIVALS = seriesOf("TcpPassiveOpens");

/** What leaks are judged by. */
export const LEAK_COLUMNS: WantedColumns = { counters: [ARRIVALS.counter], gauges: [OPEN.counter] };

/** Where the hours of a shard are read from, and what is usual there. */
export interface LeaksDeps {
  /** `LEAK_COLUMNS` of the hours of a span that are summed up. */
  readonly hours: (span: Span) => Promise<readonly ShardColumns[]>;
  readonly baselines: ShardBaselines;
  readonly offsets: Pick<ZoneOffsets, "at">;
}

/**
 * The slow leaks of a shard's namespaces. All that they are judged by is in the hours of the last day and a half, so
 * that nothing has to be remembered of them, and judging twice finds the same.
 *
 * @param minutes in their order
 * @returns by the start of each minute, who of those that reported leaks as of the newest hour that is over then
 */
export async function leaksOf(
  deps: LeaksDeps,
  minutes: readonly ShardMinute[],
): Promise<ReadonlyMap<number, readonly PositionFlag[]>> {
  const byHour = new Map<number, readonly PositionFlag[]>();
  const found = new Map<number, readonly PositionFlag[]>();
  for (const { at, ratedMs } of minutes) {
    const to = Math.floor((at - SUMMED_UP_MS) / HOUR_MS) * HOUR_MS;
    const flags = byHour.get(to) ?? (await leaksAt(deps, to));
    byHour.set(to, flags);
    const reporting = flags.filter(({ position }) => (ratedMs[position] as number) > 0);
    // What leaks goes on leaking, until the next hour says otherwise.
    const until = at + MINUTE_MS;
    found.set(
      at,
      reporting.map(({ position, flag }) => ({ position, flag: { ...flag, to: until } })),
    );
  }
  return found;
}

/** What is usual of a series at a position, at a time; null while that is not known. */
type UsualAt = (series: Series, at: number) => Expectation | null;

/** @param to the end of the newest hour to judge by, ms since 1970 */
async function leaksAt(
  { hours: read, baselines, offsets }: LeaksDeps,
  to: number,
): Promise<readonly PositionFlag[]> {
  const span = { from: to - LEAK_HOURS * HOUR_MS, to };
  const known = await read(span);
  const rows = new Map(known.map((row) => [row.at, row]));
  const reported = (position: number) =>
    known.some(({ ratedMs }) => (ratedMs[position] as number) >= COVERED_MIN_MS);
  const flags: PositionFlag[] = [];
  for (let position = 0; position < POSITIONS; position++) {
    if (baselines.lastMinute[position] === 0 || !reported(position)) continue;
    const usualAt: UsualAt = (series, at) =>
      baselines.expectation(position, series, at, offsets.at(at)(position));
    const hours = hoursOf(position, rows, span, usualAt);
    if (hours === null) continue;
    const dispersion = usualAt(ARRIVALS, to - 1)?.dispersion ?? 0;
    const flag = judgeLeak({ hours, to, dispersion });
    if (flag !== null) flags.push({ position, flag });
  }
  return flags;
}

/** The hours of a position; null for one of which it is not known what is usual in them. */
function hoursOf(
  position: number,
  rows: ReadonlyMap<number, ShardColumns>,
  { from, to }: { readonly from: number; readonly to: number },
  usualAt: UsualAt,
): LeakHour[] | null {
  const hours: LeakHour[] = [];
  for (let at = from; at < to; at += HOUR_MS) {
    const usual = usualAt(OPEN, at);
    if (usual === null) return null;
    hours.push({ usual: usual.perMinute, ...hourOf(position, rows.get(at), usualAt) });
  }
  return hours;
}

function hourOf(position: number, row: ShardColumns | undefined, usualAt: UsualAt): Omit<LeakHour, "usual"> {
  const ratedMs = row?.ratedMs[position] ?? 0;
  if (row === undefined || ratedMs < COVERED_MIN_MS) return { lowest: null, arrivals: null };
  const lowest = row.gauges.get(OPEN.counter)?.[position] ?? Number.NaN;
  const count = row.increases.get(ARRIVALS.counter)?.[position] ?? 0;
  const usual = usualAt(ARRIVALS, row.at);
  return {
    lowest: Number.isNaN(lowest) ? null : lowest,
    arrivals:
      usual === null || Number.isNaN(count)
        ? null
        : { count, usual: (usual.perMinute * ratedMs) / MINUTE_MS },
  };
}

function seriesOf(name: string): Series {
  return SEASONAL_SERIES.find((series) => series.name === name) as Series;
}
