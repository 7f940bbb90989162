import { aggregate } from "./aggregate.ts";
import { binary } from "./binary.ts";
import { badQuery } from "./fault.ts";
import type { CallExpr, Expr, SelectorExpr } from "./syntax.ts";
import { pickLabels, type Result, type Sample } from "./vector.ts";

/** A series of what is stored that an expression needs. */
export interface Need {
  readonly selector: SelectorExpr;
  /** Null for the values themselves. */
  readonly call: CallExpr["name"] | null;
  /** Null for the values themselves. */
  readonly windowMs: number | null;
  /**
   * Labels that the series are added up by on the way, which costs less than as many series as there are namespaces;
   * null for every series by itself.
   */
  readonly sumBy: readonly string[] | null;
}

/** Reads series at the times of the question; one value for each time. */
export type Read = (need: Need) => Promise<readonly Sample[]>;

/**
 * What an expression gives.
 *
 * @param length how many times there are
 * @throws what `read` and the operators throw
 */
export async function evaluate(expr: Expr, length: number, read: Read): Promise<Result> {
  switch (expr.type) {
    case "number":
      return { type: "scalar", value: expr.value };
    case "selector":
      return vectorOf(await read({ selector: expr, call: null, windowMs: null, sumBy: null }));
    case "call":
      return vectorOf(await read({ ...needOf(expr), sumBy: null }));
    case "negate":
      return negated(await evaluate(expr.of, length, read));
    case "binary": {
      // One after the other: a question has one connection's worth of the database.
      const left = await evaluate(expr.left, length, read);
      return binary(expr, left, await evaluate(expr.right, length, read));
    }
    case "aggregate": {
      const { of, op, labels } = expr;
      if (op === "sum" && !labels.except && of.type === "call" && of.name !== "irate") {
        const series = await read({ ...needOf(of), sumBy: labels.names });
        return vectorOf(aggregate(expr, series, length));
      }
      const { series } = asVector(await evaluate(of, length, read), op);
      return vectorOf(aggregate(expr, series, length));
    }
  }
}

function needOf({ name, of, windowMs }: CallExpr): Omit<Need, "sumBy"> {
  return { selector: of, call: name, windowMs };
}

function vectorOf(series: readonly Sample[]): Result {
  return { type: "vector", series };
}

function asVector(result: Result, op: string): { readonly series: readonly Sample[] } {
  if (result.type === "vector") return result;
  throw badQuery(`${op} takes a vector, and was given a number`);
}

function negated(result: Result): Result {
  if (result.type === "scalar") return { type: "scalar", value: -result.value };
  const series = result.series.map(({ labels, values }) => ({
    labels: pickLabels(labels, { except: true, names: [] }),
    values: values.map((value) => (value === null ? null : -value)),
  }));
  return { type: "vector", series };
}
