/** Series by label group as a plot shows them. Pure. */
import type { PlotSeries } from "../../plots/model.ts";

export interface LabelledSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (number | null)[];
}

/** As many series as there are colours to tell them apart. */
const SHOWN = 8;

/** The greatest first; those that have no colour left are summed up as "others". */
export function groupsOf(
  series: readonly LabelledSeries[],
  groupBy: string | null,
  all: string,
): PlotSeries[] {
  if (groupBy === null) return [{ name: all, values: series[0]?.values ?? [], color: 1 }];
  const sum = (values: readonly (number | null)[]) =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  // A group that has nothing would be drawn as a line on top of the others; when none has, all are shown.
  const some = series.filter(({ values }) => sum(values) > 0);
  const ordered = [...(some.length > 0 ? some : series)].sort(
    (one, other) => sum(other.values) - sum(one.values),
  );
  const [named, rest] =
    ordered.length > SHOWN ? [ordered.slice(0, SHOWN - 1), ordered.slice(SHOWN - 1)] : [ordered, []];
  const groups = named.map(({ labels, values }, index) => ({
    name: labels[groupBy] || `without ${groupBy}`,
    values,
    color: index + 1,
  }));
  if (rest.length === 0) return groups;
  return [
    ...groups,
    { name: `${rest.length} others`, values: summed(rest.map(({ values }) => values)), color: SHOWN },
  ];
}

/** Step by step; null where no series knows anything. */
function summed(columns: readonly (readonly (number | null)[])[]): (number | null)[] {
  const length = Math.max(0, ...columns.map((values) => values.length));
  return Array.from({ length }, (_, index) =>
    columns.reduce<number | null>((total, values) => {
      const value = values[index] ?? null;
      return value === null ? total : (total ?? 0) + value;
    }, null),
  );
}

/** Of one colour of the heatmap to the next: what is a third of the greatest is a shade paler. */
const SHADE = 3;

/** Of the heatmap's colours, 0 to 5: 0 for none, 5 for what is more than a third of the greatest, and so on down. */
export function heatLevel(value: number, most: number): number {
  if (value <= 0 || most <= 0) return 0;
  return Math.max(1, 5 - Math.floor(Math.log(most / value) / Math.log(SHADE)));
}
