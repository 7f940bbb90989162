import type { ErrorCode, SpillwayError } from "../../errors.ts";
import { problemOf } from "../../errors.ts";
import type { Times } from "./times.ts";
import type { Result, Sample } from "./vector.ts";

/**
 * The answers of the Prometheus HTTP API.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview
 */

type Point = [seconds: number, value: string];

/** Of an instant query: each series' value at the one time. */
export function instantAnswer(result: Result, { start }: Times): object {
  if (result.type === "scalar") return { resultType: "scalar", result: point(start, result.value) };
  const found = result.series.flatMap(({ labels, values }) => {
    const value = values[0] ?? null;
    return value === null ? [] : [{ metric: labels, value: point(start, value) }];
  });
  return { resultType: "vector", result: found };
}

/** Of a range query: each series' values at the times at which it has one. */
export function rangeAnswer(result: Result, times: Times): object {
  const series: readonly Sample[] =
    result.type === "vector"
      ? result.series
      : [{ labels: {}, values: new Array<number>(times.length).fill(result.value) }];
  const found = series.flatMap(({ labels, values }) => {
    const points = values.flatMap((value, time) =>
      value === null ? [] : [point(times.start + time * times.stepMs, value)],
    );
    return points.length === 0 ? [] : [{ metric: labels, values: points }];
  });
  return { resultType: "matrix", result: found };
}

function point(at: number, value: number): Point {
  return [at / 1_000, formatValue(value)];
}

/** A value as Prometheus writes it: a text, so that what JSON has no number for has one too. */
function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

export function success(data: unknown, warnings: readonly string[] = []): object {
  return { status: "success", data, ...(warnings.length === 0 ? {} : { warnings }) };
}

const ERROR_TYPES: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOT_SUPPORTED: "execution",
  LIMIT_EXCEEDED: "execution",
  NOT_FOUND: "not_found",
  UNAVAILABLE: "unavailable",
  OVERLOADED: "unavailable",
  INTERNAL: "internal",
  UNREADABLE: "internal",
};

/** A fault in the API's form, with its status: 400 for a bad question, 422 for one that is not answered. */
export function failure(error: SpillwayError): { status: number; body: object } {
  const { status } = problemOf(error);
  return {
    // The API knows no conflict: a name of several counters is a bad question.
    status: error.code === "CONFLICT" ? 400 : status,
    body: { status: "error", errorType: ERROR_TYPES[error.code] ?? "bad_data", error: error.message },
  };
}
