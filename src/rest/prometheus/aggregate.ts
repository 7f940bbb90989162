import type { AggregateExpr } from "./syntax.ts";
import { keyOf, pickLabels, type Sample } from "./vector.ts";

/** Series in one by their labels, time by time; where none has a value, there is none. */
export function aggregate(
  { op, labels, k }: Pick<AggregateExpr, "op" | "labels" | "k">,
  series: readonly Sample[],
  length: number,
): Sample[] {
  const groups = new Map<string, { labels: Sample["labels"]; members: Sample[] }>();
  for (const one of series) {
    const kept = pickLabels(one.labels, labels);
    const key = keyOf(kept);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels: kept, members: [one] });
    else group.members.push(one);
  }
  return [...groups.values()].flatMap((group) => {
    if (op === "topk") return topOf(k ?? 0, group.members, length);
    const values = Array.from({ length }, (_, time) => reduce(op, valuesAt(group.members, time)));
    return [{ labels: group.labels, values }];
  });
}

function valuesAt(members: readonly Sample[], time: number): number[] {
  const values: number[] = [];
  for (const { values: own } of members) {
    const value = own[time];
    if (value != null) values.push(value);
  }
  return values;
}

function reduce(op: Exclude<AggregateExpr["op"], "topk">, values: readonly number[]): number | null {
  if (values.length === 0) return null;
  if (op === "count") return values.length;
  if (op === "min" || op === "max") {
    // What is no number is passed over while there is another, as Prometheus does.
    const numbers = values.filter((value) => !Number.isNaN(value));
    if (numbers.length === 0) return Number.NaN;
    return numbers.reduce((best, value) => (op === "min" ? Math.min(best, value) : Math.max(best, value)));
  }
  const sum = values.reduce((total, value) => total + value, 0);
  return op === "sum" ? sum : sum / values.length;
}

/** The series that are among the greatest k at some time, with their values at those times alone; the greatest first. */
function topOf(k: number, members: readonly Sample[], length: number): Sample[] {
  const kept = new Map<number, (number | null)[]>();
  for (let time = 0; time < length; time++) {
    const ranked = members
      .map(({ values }, place) => ({ place, value: values[time] ?? null }))
      .filter((one): one is { place: number; value: number } => one.value !== null)
      .sort((a, b) => rank(b.value) - rank(a.value) || a.place - b.place)
      .slice(0, Math.max(0, k));
    for (const { place, value } of ranked) {
      const values = kept.get(place) ?? new Array<number | null>(length).fill(null);
      values[time] = value;
      kept.set(place, values);
    }
  }
  const peak = (values: readonly (number | null)[]) =>
    Math.max(...values.map((value) => rank(value ?? Number.NaN)));
  return [...kept]
    .map(([place, values]) => ({ labels: members[place]?.labels ?? {}, values, peak: peak(values), place }))
    .sort((a, b) => b.peak - a.peak || a.place - b.place)
    .map(({ labels, values }) => ({ labels, values }));
}

/** What is no number comes last. */
function rank(value: number): number {
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
}
