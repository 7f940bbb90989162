import { badQuery, notAnswered } from "./fault.ts";
import type { BinaryExpr, BinaryOp } from "./syntax.ts";
import { keyOf, pickLabels, type Result, type Sample } from "./vector.ts";

type Operation = Pick<BinaryExpr, "op" | "bool" | "matching">;

const ARITHMETIC: Readonly<Partial<Record<BinaryOp, (a: number, b: number) => number>>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": (a, b) => a ** b,
};

const COMPARISONS: Readonly<Partial<Record<BinaryOp, (a: number, b: number) => boolean>>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** @throws BAD_REQUEST for two numbers compared without `bool`; NOT_SUPPORTED where several series match one */
export function binary(operation: Operation, left: Result, right: Result): Result {
  if (left.type === "scalar" && right.type === "scalar") return scalars(operation, left.value, right.value);
  if (left.type === "vector" && right.type === "vector") {
    return { type: "vector", series: vectors(operation, left.series, right.series) };
  }
  const vector = left.type === "vector" ? left : right;
  if (vector.type !== "vector") return vector;
  const series = vector.series.map(({ labels, values }) => ({
    labels: labelsAfter(operation, labels),
    values: values.map((value) => {
      if (value === null) return null;
      const [a, b] =
        left.type === "scalar" ? [left.value, value] : [value, right.type === "scalar" ? right.value : 0];
      return apply(operation, a, b, value);
    }),
  }));
  return { type: "vector", series };
}

function scalars(operation: Operation, a: number, b: number): Result {
  if (isComparison(operation) && !operation.bool) {
    throw badQuery(`two numbers are compared with "bool": write ${operation.op} bool`);
  }
  return { type: "scalar", value: apply(operation, a, b, a) ?? 0 };
}

/**
 * Each of the left with the one of the right that has the same labels, time by time: a series that has no value then
 * takes no part, so that of several which live one after the other each is matched in its time.
 */
function vectors(operation: Operation, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const { matching } = operation;
  const others = new Map<string, (number | null)[]>();
  for (const { labels, values } of right) put(others, keyOf(pickLabels(labels, matching)), values, "right");
  const matched = new Map<string, (number | null)[]>();
  const labelsOf = new Map<string, Sample["labels"]>();
  for (const { labels, values } of left) {
    const kept = pickLabels(labels, matching);
    const key = keyOf(kept);
    const other = others.get(key);
    if (other === undefined) continue;
    const combined = values.map((value, time) => {
      const with_ = other[time] ?? null;
      return value === null || with_ === null ? null : apply(operation, value, with_, value);
    });
    put(matched, key, combined, "left");
    const name = isFilter(operation) && matching.except ? labels.__name__ : undefined;
    labelsOf.set(key, name === undefined ? kept : { __name__: name, ...kept });
  }
  return [...matched].map(([key, values]) => ({ labels: labelsOf.get(key) ?? {}, values }));
}

/** Adds the values of a series to those of the others that have its labels. @throws NOT_SUPPORTED for two at one time */
function put(
  all: Map<string, (number | null)[]>,
  key: string,
  values: readonly (number | null)[],
  side: string,
): void {
  if (values.every((value) => value === null)) return;
  const known = all.get(key);
  if (known === undefined) all.set(key, [...values]);
  else {
    values.forEach((value, time) => {
      if (value === null) return;
      if (known[time] != null) throw severalMatch(side, key);
      known[time] = value;
    });
  }
}

function severalMatch(side: string, key: string): Error {
  return notAnswered(
    `an operation in which several series on the ${side} have the labels ${key.slice(0, 200)} at one time`,
    "vectors are matched one to one: aggregate that side by the labels that both have",
  );
}

/** @param kept what a comparison that holds gives, unless it is a `bool` */
function apply({ op, bool }: Operation, a: number, b: number, kept: number): number | null {
  const compare = COMPARISONS[op];
  if (compare === undefined) return ARITHMETIC[op]?.(a, b) ?? null;
  const holds = compare(a, b);
  if (bool) return holds ? 1 : 0;
  return holds ? kept : null;
}

function isComparison({ op }: Operation): boolean {
  return COMPARISONS[op] !== undefined;
}

/** A comparison that leaves out what it does not hold for, and leaves the rest as it was. */
function isFilter(operation: Operation): boolean {
  return isComparison(operation) && !operation.bool;
}

function labelsAfter(operation: Operation, labels: Sample["labels"]): Sample["labels"] {
  return isFilter(operation) ? labels : pickLabels(labels, { except: true, names: [] });
}
