/** What uPlot is told of a plot. */
import UPlot from "uplot";
import { token } from "../theme/theme.ts";
import { drawMarks, drawStretches } from "./draw.ts";
import type { Mark } from "./model.ts";
import type { TimePlotProps } from "./time-plot.tsx";
import { stacked } from "./times.ts";
import type { TooltipAt } from "./tooltip.tsx";

export interface PlotInput extends Omit<TimePlotProps, "marks"> {
  /** Those that there are when it is drawn: they change while a plot stays. */
  readonly marks: () => readonly Mark[];
  readonly times: readonly number[];
  readonly height: number;
  readonly setTip: (tip: TooltipAt | null) => void;
}

/** The columns of a plot's lines: the times, then of each series its values and the edges of its band. */
export function plotColumns({
  series,
  times,
  stack = false,
}: Pick<PlotInput, "series" | "times" | "stack">): UPlot.AlignedData {
  const columns = stack ? stacked(series.map(({ values }) => values)) : series.map(({ values }) => values);
  const data = series.flatMap(({ band }, index) => [
    columns[index] ?? [],
    ...(band === undefined || stack ? [] : [band.high, band.low]),
  ]);
  return [times, ...data] as unknown as UPlot.AlignedData;
}

export function plotOptions(input: PlotInput & { readonly width: number }): {
  options: UPlot.Options;
  data: UPlot.AlignedData;
} {
  const { series, times, width, height, format, zone, stack = false, marks, from, to, syncKey } = input;
  const lines: UPlot.Series[] = [{}];
  const bands: UPlot.Band[] = [];
  series.forEach(({ name, color, band }, index) => {
    const stroke = token(`--series-${color}`);
    lines.push({
      label: name,
      stroke,
      width: 1.6,
      points: { show: times.length < 3 },
      spanGaps: false,
      ...(stack && index === 0 ? { fill: withAlpha(stroke, 0.28) } : {}),
    });
    const own = lines.length - 1;
    if (stack && index > 0) bands.push({ series: [own, own - 1], fill: withAlpha(stroke, 0.28) });
    if (band !== undefined && !stack) {
      const edge: UPlot.Series = { label: "", stroke: "transparent", width: 0, points: { show: false } };
      lines.push({ ...edge }, { ...edge });
      bands.push({ series: [own + 1, own + 2], fill: withAlpha(stroke, 0.16) });
    }
  });
  const axis = {
    stroke: token("--text-3"),
    grid: { stroke: token("--grid"), width: 1 },
    ticks: { show: false },
    font: `11px ${token("--sans")}`,
  };
  const options: UPlot.Options = {
    width,
    height,
    legend: { show: false },
    padding: [8, 18, 0, 0],
    tzDate: (seconds) =>
      zone === "utc" ? UPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC") : new Date(seconds * 1_000),
    cursor: {
      y: false,
      drag: { x: input.onZoom !== undefined, y: false, setScale: false },
      points: { size: 6 },
      ...(syncKey === undefined
        ? {}
        : { sync: { key: syncKey, setSeries: false, filters: { pub: isMove, sub: isMove } } }),
    },
    scales: {
      x: {
        time: true,
        ...(from === undefined || to === undefined ? {} : { range: [from / 1_000, to / 1_000] }),
      },
      // From 0, so that what is small looks small; and of a height when all is 0.
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 40, values: UPLOT_TIMES },
      {
        ...axis,
        size: 58,
        space: height < 150 ? 26 : 36,
        values: (_, ticks) => input.formatTicks?.(ticks) ?? ticks.map((tick) => format(tick)),
      },
    ],
    series: lines,
    bands,
    hooks: {
      drawClear: [(plot) => drawStretches(plot, marks())],
      draw: [(plot) => drawMarks(plot, marks())],
      setCursor: [
        ({ cursor: { idx, left, top } }) =>
          input.setTip(
            idx == null || left === undefined || left < 0 ? null : { index: idx, left, top: top ?? 0 },
          ),
      ],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (wide < 4) return;
          input.onZoom?.(plot.posToVal(left, "x") * 1_000, plot.posToVal(left + wide, "x") * 1_000);
        },
      ],
    },
  };
  return { options, data: plotColumns(input) };
}

/** Plots share where the cursor is, and no drag: each of them would ask for the range that one was dragged over. */
function isMove(event: string): boolean {
  return event === "mousemove" || event === "mouseleave";
}

/** Times by a 24-hour clock, coarser as the plot spans more. */
const UPLOT_TIMES: UPlot.Axis.Values = [
  [86_400, "{D} {MMM}", null, null, null, null, null, null, 1],
  [3_600, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
];

/** @param color as the tokens have them: #rrggbb */
export function withAlpha(color: string, alpha: number): string {
  const hex = Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0");
  return `${color}${hex}`;
}
