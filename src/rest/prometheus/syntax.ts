/** The part of PromQL that is answered here, as parse.ts gives it. */
import type { LabelMatcher } from "../../store/host-filter.ts";

export const RANGE_FUNCTIONS = ["rate", "increase", "irate"] as const;
export type RangeFunction = (typeof RANGE_FUNCTIONS)[number];

export const AGGREGATIONS = ["sum", "avg", "min", "max", "count", "topk"] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export const ARITHMETIC = ["+", "-", "*", "/", "%", "^"] as const;
export const COMPARISONS = ["==", "!=", ">", "<", ">=", "<="] as const;
export type BinaryOp = (typeof ARITHMETIC)[number] | (typeof COMPARISONS)[number];

/** Which labels are kept or compared: those named, or all but those named. */
export interface LabelSet {
  readonly except: boolean;
  readonly names: readonly string[];
}

export interface NumberExpr {
  readonly type: "number";
  readonly value: number;
}

/** Series of one metric. */
export interface SelectorExpr {
  readonly type: "selector";
  readonly metric: string;
  /** Without the one of the metric's name. */
  readonly matchers: readonly LabelMatcher[];
}

/** Series of any metrics, as `match[]` asks for them. */
export interface SeriesSelector {
  /** Those of the metric's name, which is the label `__name__`. */
  readonly names: readonly LabelMatcher[];
  /** All others. */
  readonly matchers: readonly LabelMatcher[];
}

export interface CallExpr {
  readonly type: "call";
  readonly name: RangeFunction;
  readonly of: SelectorExpr;
  readonly windowMs: number;
}

export interface AggregateExpr {
  readonly type: "aggregate";
  readonly op: Aggregation;
  readonly labels: LabelSet;
  /** How many `topk` keeps; null for the others. */
  readonly k: number | null;
  readonly of: Expr;
}

export interface BinaryExpr {
  readonly type: "binary";
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  /** A comparison gives 0 or 1, and leaves nothing out. */
  readonly bool: boolean;
  /** Labels by which two vectors are matched. */
  readonly matching: LabelSet;
}

export interface NegateExpr {
  readonly type: "negate";
  readonly of: Expr;
}

export type Expr = NumberExpr | SelectorExpr | CallExpr | AggregateExpr | BinaryExpr | NegateExpr;
