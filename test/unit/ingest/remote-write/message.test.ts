import fc from "fast-check";
import { expect, test } from "vitest";
import { SpillwayError } from "../../../../src/errors.ts";
import { readRequestV2, readWriteRequest } from "../../../../src/ingest/remote-write/message.ts";
import { anySeries } from "../../../fuzz/targets/samples.ts";
import { requestV2, writeRequest } from "../../../support/remote-write.ts";

test("both versions say what was sent", () => {
  fc.assert(
    fc.property(anySeries, (series) => {
      const expected = series.map(({ labels, samples }) => ({
        metric: labels.__name__ ?? "",
        labels: new Map(Object.entries(labels).filter(([name]) => name !== "__name__")),
        samples: samples.map(({ at, value, startedAt }) => ({ at, value, stale: false, startedAt })),
        others: 0,
      }));
      expect(readWriteRequest(writeRequest(series))).toEqual(expected);
      expect(readRequestV2(requestV2(series))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("labels are a series' own, however much they are like those of the series before it, and wherever they stand", () => {
  const label = (name: string, value: string) =>
    Buffer.from([
      0x0a,
      name.length + value.length + 4,
      0x0a,
      name.length,
      ...Buffer.from(name),
      0x12,
      value.length,
      ...Buffer.from(value),
    ]);
  const sample = Buffer.from([0x12, 2, 0x10, 7]);
  const series = (...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([0x0a, body.length]), body]);
  };
  const [name, other, host] = [label("__name__", "a"), label("__name__", "b"), label("instance", "x")];
  const read = readWriteRequest(
    Buffer.concat([
      series(name, host, sample),
      series(other, host, sample),
      // Behind the samples, one more, one less, in another order, two names, and the value before the name.
      series(name, host, sample, label("job", "n")),
      series(name, host, label("job", "n"), sample),
      series(name, sample),
      series(host, name, sample),
      series(host, other, sample),
      series(other, name, host, sample),
      series(Buffer.from([0x0a, 13, 0x12, 1, 99, 0x0a, 8, ...Buffer.from("__name__")]), host, sample),
    ]),
  );
  expect(
    read.map(({ metric, labels, samples }) => [metric, Object.fromEntries(labels), samples.length]),
  ).toEqual([
    ["a", { instance: "x" }, 1],
    ["b", { instance: "x" }, 1],
    ["a", { instance: "x", job: "n" }, 1],
    ["a", { instance: "x", job: "n" }, 1],
    ["a", {}, 1],
    ["a", { instance: "x" }, 1],
    ["b", { instance: "x" }, 1],
    ["a", { instance: "x" }, 1],
    ["c", { instance: "x" }, 1],
  ]);
  // One map for those that are alike, wherever the name stands.
  expect(read[1]?.labels).toBe(read[0]?.labels);
  expect(read[6]?.labels).toBe(read[5]?.labels);
});

test("histograms and exemplars are counted and passed over, in both versions", () => {
  const histogram = [0x22, 2, 0x10, 1];
  const exemplar = [0x1a, 2, 0x10, 1];
  const series = [0x0a, 12, ...exemplar, ...histogram, 0x12, 2, 0x10, 7];
  expect(readWriteRequest(Buffer.from(series))).toMatchObject([{ samples: [{ at: 7 }], others: 2 }]);
  expect(readRequestV2(Buffer.from([0x2a, ...series.slice(1)]))).toMatchObject([
    { samples: [{ at: 7 }], others: 2 },
  ]);
});

test("the marker of the end of a series is told by its bits from any other NaN", () => {
  const [series] = readWriteRequest(
    writeRequest([{ labels: { __name__: "m" }, samples: [{ at: 5, value: Number.NaN }] }]),
  );
  expect(series?.samples).toEqual([{ at: 5, value: Number.NaN, stale: true, startedAt: null }]);
});

test.each([
  ["a field that nobody knows", Buffer.from([0x7a, 2, 1, 2]), "none"],
  ["metadata of 1.0", Buffer.from([0x1a, 2, 8, 1]), "none"],
  ["nothing", Buffer.alloc(0), "none"],
  ["a series longer than the message", Buffer.from([0x0a, 200, 1]), "BAD_REQUEST"],
  ["a field of number 0", Buffer.from([0x02, 1, 1]), "BAD_REQUEST"],
  ["groups without an end", Buffer.from([0x7b, 0x7b]), "BAD_REQUEST"],
])("%s is %s", (_what, bytes, fault) => {
  expect(faultOf(readWriteRequest, bytes)).toBe(fault);
});

test("a label that is not in the table of symbols", () => {
  expect(faultOf(readRequestV2, Buffer.from([0x22, 0, 0x2a, 4, 0x0a, 2, 0, 9]))).toBe("BAD_REQUEST");
  expect(faultOf(readRequestV2, Buffer.from([0x22, 0, 0x2a, 3, 0x0a, 1, 0]))).toBe("BAD_REQUEST");
});

function faultOf(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
  return "none";
}
