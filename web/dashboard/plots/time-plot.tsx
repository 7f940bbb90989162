import "uplot/dist/uPlot.min.css";
import "./plots.css";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import UPlot from "uplot";
import { formatTime, type Zone } from "../format/times.ts";
import { onThemeChange } from "../theme/theme.ts";
import type { Mark, PlotSeries } from "./model.ts";
import { plotColumns, plotOptions } from "./options.ts";
import { peakOf, stepTimes } from "./times.ts";
import { Tooltip, type TooltipAt } from "./tooltip.tsx";

export interface TimePlotProps {
  /** What it shows, for who does not see it. */
  readonly label: string;
  /** Begin of the first step, and the step, as the API has them. */
  readonly start: string;
  readonly step: string;
  readonly series: readonly PlotSeries[];
  readonly format: (value: number | null) => string;
  /** Of the axis, where the values on it are to be told in one unit. */
  readonly formatTicks?: (values: readonly number[]) => string[];
  readonly zone: Zone;
  /** Filled, each on top of those before it. */
  readonly stack?: boolean;
  readonly marks?: readonly Mark[];
  /** ms since 1970: what the axis spans, also where there is no data. */
  readonly from?: number;
  readonly to?: number;
  readonly height?: number;
  /** Plots of the same key share their cursor. */
  readonly syncKey?: string;
  /** ms since 1970; a drag over the plot asks for it. */
  readonly onZoom?: (from: number, to: number) => void;
  readonly legend?: boolean;
}

/** Lines over time: zoom by drag, a shared cursor, marks of events, and words for who does not see it. */
export function TimePlot(props: TimePlotProps) {
  const { label, start, step, series, format, zone, height = 200, legend = series.length > 1 } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [tip, setTip] = useState<TooltipAt | null>(null);
  const [look, setLook] = useState(0);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const summaryId = useId();

  const shown = useMemo(() => series.filter(({ name }) => !hidden.has(name)), [series, hidden]);
  const times = useMemo(
    () => stepTimes(start, step, Math.max(0, ...series.map(({ values }) => values.length))),
    [start, step, series],
  );

  // A plot outlives the view that it was made in, and a drag must change the view that is.
  const zoom = useRef(props.onZoom);
  zoom.current = props.onZoom;

  useEffect(() => onThemeChange(() => setLook((was) => was + 1)), []);

  const marks = useRef(props.marks);
  marks.current = props.marks;
  const input = {
    ...props,
    ...(zoom.current === undefined ? {} : { onZoom: (from: number, to: number) => zoom.current?.(from, to) }),
    marks: () => marks.current ?? [],
    series: shown,
    times,
    height,
    setTip,
  };
  const newest = useRef(input);
  newest.current = input;
  const lines = JSON.stringify([
    shown.map(({ name, color, band }) => [name, color, band !== undefined]),
    step,
    times.length < 3,
  ]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `look` stands for the colours, `lines` for the series
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const { options, data } = plotOptions({ ...newest.current, width: element.clientWidth });
    const made = new UPlot(options, data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [lines, look, zone, height, props.from, props.to, props.stack]);

  // New values go into the plot that there is: somebody may be dragging over it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: marks are drawn with the values
  useEffect(() => {
    plot.current?.setData(plotColumns(newest.current));
  }, [shown, times, props.marks]);

  return (
    <figure className="plot">
      {legend && (
        <div className="legend">
          {series.map(({ name, color }) => (
            <button
              key={name}
              type="button"
              aria-pressed={!hidden.has(name)}
              onClick={() => setHidden((was) => toggled(was, name))}
            >
              <span
                className="legend-mark"
                style={{ background: `var(--series-${color})` }}
                aria-hidden="true"
              />
              {name}
            </button>
          ))}
        </div>
      )}
      <div className="plot-body" style={{ height }}>
        <div ref={host} role="img" aria-label={label} aria-describedby={summaryId} />
        {tip !== null && (
          <Tooltip
            tip={tip}
            times={times}
            series={shown}
            format={format}
            zone={zone}
            marks={props.marks ?? []}
          />
        )}
      </div>
      <figcaption id={summaryId} className="visually-hidden">
        {series.map(({ name, values }) => sentenceOf(name, values, times, format, zone)).join(" ")}
      </figcaption>
    </figure>
  );
}

function toggled(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(names);
  if (!next.delete(name)) next.add(name);
  return next;
}

function sentenceOf(
  name: string,
  values: readonly (number | null)[],
  times: readonly number[],
  format: (value: number | null) => string,
  zone: Zone,
): string {
  const peak = peakOf(values);
  if (peak === null) return `${name}: nothing is known of this range.`;
  const last = values.findLast((value) => value !== null) ?? null;
  const at = formatTime((times[peak.index] ?? 0) * 1_000, zone);
  return `${name}: at most ${format(peak.value)}, at ${at}; last ${format(last)}.`;
}
