import { describe, expect, test } from "vitest";
import { evaluate, type Need } from "../../../../src/rest/prometheus/evaluate.ts";
import { parseQuery } from "../../../../src/rest/prometheus/parse.ts";
import { keyOf, type Result, type Sample } from "../../../../src/rest/prometheus/vector.ts";

const SERIES: Readonly<Record<string, readonly Sample[]>> = {
  a: [
    { labels: { __name__: "a", host: "x", role: "web" }, values: [1, 2, null] },
    { labels: { __name__: "a", host: "y", role: "web" }, values: [3, null, null] },
    { labels: { __name__: "a", host: "z", role: "db" }, values: [5, 6, Number.NaN] },
  ],
  b: [
    { labels: { __name__: "b", host: "x", role: "web" }, values: [10, 0, 10] },
    { labels: { __name__: "b", host: "y", role: "web" }, values: [0, 10, 10] },
  ],
};

/** Pods that lived one after the other under one name, and one of the same labels that has no value at all. */
const LIVES: Readonly<Record<string, readonly Sample[]>> = {
  lost: [
    { labels: { pod: "db-0", id: "old", role: "db" }, values: [null, null, null] },
    { labels: { pod: "db-0", id: "first", role: "db" }, values: [1, null, null] },
    { labels: { pod: "db-0", id: "second", role: "db" }, values: [null, 2, 3] },
  ],
  opened: [
    { labels: { pod: "db-0", id: "old", role: "db" }, values: [null, null, null] },
    { labels: { pod: "db-0", id: "first", role: "db" }, values: [10, null, null] },
    { labels: { pod: "db-0", id: "second", role: "db" }, values: [null, 10, 2] },
  ],
};

const needs: Need[] = [];

async function read(need: Need): Promise<readonly Sample[]> {
  needs.push(need);
  return { ...SERIES, ...LIVES }[need.selector.metric] ?? [];
}

async function ask(query: string): Promise<Result> {
  return evaluate(parseQuery(query), 3, read);
}

/** Values by the host and role of the series. */
async function valuesOf(query: string): Promise<Record<string, readonly (number | null)[]>> {
  const result = await ask(query);
  if (result.type !== "vector") throw new Error("no vector");
  return Object.fromEntries(
    result.series.map(({ labels, values }) => [
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
      values,
    ]),
  );
}

test("numbers", async () => {
  expect(await ask("1 + 1")).toEqual({ type: "scalar", value: 2 });
  expect(await ask("-7 % 3")).toEqual({ type: "scalar", value: -1 });
  expect(await ask("2 > bool 1")).toEqual({ type: "scalar", value: 1 });
  expect(await ask("0 / 0")).toEqual({ type: "scalar", value: Number.NaN });
  await expect(ask("2 > 1")).rejects.toThrow(/bool/);
});

describe("aggregations", () => {
  test("by role, where a value is missing it is in none", async () => {
    expect(await valuesOf("sum by (role) (a)")).toEqual({
      "role=web": [4, 2, null],
      "role=db": [5, 6, Number.NaN],
    });
    expect(await valuesOf("count by (role) (a)")).toEqual({ "role=web": [2, 1, null], "role=db": [1, 1, 1] });
    expect(await valuesOf("count by (__name__, role) (b)")).toEqual({ "__name__=b role=web": [2, 2, 2] });
    expect(await valuesOf("avg without (host) (a)")).toEqual({
      "role=web": [2, 2, null],
      "role=db": [5, 6, Number.NaN],
    });
    expect(await valuesOf("max(a)")).toEqual({ "": [5, 6, Number.NaN] });
    expect(await valuesOf("min(a)")).toEqual({ "": [1, 2, Number.NaN] });
  });

  test("of nothing give nothing, and of a number a fault", async () => {
    expect(await valuesOf("sum(unknown)")).toEqual({});
    await expect(ask("sum(1)")).rejects.toThrow(/sum takes a vector/);
  });

  test("topk keeps the greatest of each time, with all their labels", async () => {
    expect(await valuesOf("topk(1, a)")).toEqual({ "__name__=a host=z role=db": [5, 6, Number.NaN] });
    expect(await valuesOf("topk(1, b)")).toEqual({
      "__name__=b host=x role=web": [10, null, 10],
      "__name__=b host=y role=web": [null, 10, null],
    });
    expect(await valuesOf("topk by (role) (1, a)")).toEqual({
      "__name__=a host=z role=db": [5, 6, Number.NaN],
      "__name__=a host=y role=web": [3, null, null],
      "__name__=a host=x role=web": [null, 2, null],
    });
    expect(await valuesOf("topk(0, a)")).toEqual({});
  });

  test("a sum of rates is added up where it is read; any other is not", async () => {
    needs.length = 0;
    await ask("sum by (role) (rate(a[5m]))");
    await ask("sum without (role) (rate(a[5m]))");
    await ask("avg by (role) (rate(a[5m]))");
    await ask("sum by (role) (irate(a[5m]))");
    expect(needs.map(({ call, sumBy }) => [call, sumBy])).toEqual([
      ["rate", ["role"]],
      ["rate", null],
      ["rate", null],
      ["irate", null],
    ]);
  });
});

describe("operators", () => {
  test("of a vector and a number drop the name, and comparisons leave out what they do not hold for", async () => {
    expect(await valuesOf("b * 2")).toEqual({
      "host=x role=web": [20, 0, 20],
      "host=y role=web": [0, 20, 20],
    });
    expect(await valuesOf("100 - b")).toMatchObject({ "host=x role=web": [90, 100, 90] });
    expect(await valuesOf("b > 5")).toEqual({
      "__name__=b host=x role=web": [10, null, 10],
      "__name__=b host=y role=web": [null, 10, 10],
    });
    expect(await valuesOf("b >= bool 10")).toEqual({
      "host=x role=web": [1, 0, 1],
      "host=y role=web": [0, 1, 1],
    });
    expect(await valuesOf("5 < b")).toMatchObject({ "__name__=b host=x role=web": [10, null, 10] });
    expect(await valuesOf("-b")).toMatchObject({ "host=x role=web": [-10, -0, -10] });
  });

  test("of two vectors match by all labels, by some, or by all but some", async () => {
    expect(await valuesOf("a / b")).toEqual({
      "host=x role=web": [0.1, Number.POSITIVE_INFINITY, null],
      "host=y role=web": [Number.POSITIVE_INFINITY, null, null],
    });
    expect(await valuesOf("a / on (host) b")).toHaveProperty("host=x");
    expect(await valuesOf("a / ignoring (role) b")).toHaveProperty("host=x");
    expect(await valuesOf("a > b")).toEqual({
      "__name__=a host=x role=web": [null, 2, null],
      "__name__=a host=y role=web": [3, null, null],
    });
  });

  test("a comparison of two vectors keeps the labels that were matched by, as Prometheus does", async () => {
    expect(await valuesOf("a > on (host) b")).toEqual({
      "host=x": [null, 2, null],
      "host=y": [3, null, null],
    });
    expect(await valuesOf("a > ignoring (role) b")).toEqual({
      "__name__=a host=x": [null, 2, null],
      "__name__=a host=y": [3, null, null],
    });
    expect(await valuesOf("a > on (host) max(b)")).toEqual({});
  });

  test("a series that has no value at a time takes no part in it: pods of one name go on from one to the next", async () => {
    expect(await valuesOf("lost / on (pod) opened")).toEqual({ "pod=db-0": [0.1, 0.2, 1.5] });
    expect(await valuesOf("lost / ignoring (id) opened")).toEqual({ "pod=db-0 role=db": [0.1, 0.2, 1.5] });
    expect(await valuesOf("lost > on (pod) opened")).toEqual({ "pod=db-0": [null, null, 3] });
    // By their ids two of them are apart, and the third has nothing to tell.
    expect(await valuesOf("lost / opened")).toEqual({
      "pod=db-0 id=first role=db": [0.1, null, null],
      "pod=db-0 id=second role=db": [null, 0.2, 1.5],
    });
  });

  test("that several series match on one side are refused", async () => {
    await expect(ask("a / on (role) b")).rejects.toThrow(/several series on the right/);
    await expect(ask("a / on (role) sum by (role) (b)")).rejects.toThrow(/several series on the left/);
  });
});

test("the order of labels is no difference", () => {
  expect(keyOf({ a: "1", b: "2" })).toBe(keyOf({ b: "2", a: "1" }));
});
