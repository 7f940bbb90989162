import { formatTime, type Zone } from "../format/times.ts";
import type { Mark, PlotSeries } from "./model.ts";

export interface TooltipAt {
  readonly index: number;
  /** px within the plot's area */
  readonly left: number;
  readonly top: number;
}

export interface TooltipProps {
  readonly tip: TooltipAt;
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly format: (value: number | null) => string;
  readonly zone: Zone;
  readonly marks: readonly Mark[];
}

/** Series of a tooltip; the greatest first. */
const SERIES_MAX = 8;

/** The values under the cursor; hidden from screen readers, which have the plot's own sentences. */
export function Tooltip({ tip, times, series, format, zone, marks }: TooltipProps) {
  const at = (times[tip.index] ?? 0) * 1_000;
  const step = ((times[1] ?? 0) - (times[0] ?? 0)) * 1_000;
  const rows = series
    .map(({ name, values, color, band }) => ({
      name,
      color,
      value: values[tip.index] ?? null,
      low: band?.low[tip.index] ?? null,
      high: band?.high[tip.index] ?? null,
    }))
    .sort((one, other) => (other.value ?? -1) - (one.value ?? -1))
    .slice(0, SERIES_MAX);
  const here = marks
    .filter((mark) => mark.at < at + step * 1.5 && (mark.to ?? mark.at) >= at - step / 2)
    .slice(0, 3);
  return (
    <div
      className={`tooltip ${tip.left > 240 ? "tooltip-left" : ""}`}
      style={{ left: tip.left + 58, top: 8 }}
      aria-hidden="true"
    >
      <p className="tooltip-time">{formatTime(at, zone, { seconds: step < 60_000 })}</p>
      {rows.map(({ name, color, value, low, high }) => (
        <p key={name} className="tooltip-row">
          <span className="legend-mark" style={{ background: `var(--series-${color})` }} />
          <span className="tooltip-name">{name}</span>
          <span className="number">
            {format(value)}
            {low !== null && high !== null && low !== high && (
              <span className="tooltip-range">
                {" "}
                {format(low)}–{format(high)}
              </span>
            )}
          </span>
        </p>
      ))}
      {here.map(({ at: when, kind, text }) => (
        <p key={`${kind}${when}${text}`} className="tooltip-mark">
          {text}
        </p>
      ))}
    </div>
  );
}
