import fc from "fast-check";
import { expect, test } from "vitest";
import { SpillwayError } from "../../../../src/errors.ts";
import { readJson } from "../../../../src/ingest/otlp/json.ts";
import { labelsOf } from "../../../../src/ingest/otlp/labels.ts";
import { readProtobuf } from "../../../../src/ingest/otlp/protobuf.ts";
import { seriesOf } from "../../../../src/ingest/otlp/request.ts";
import { otlpJson, otlpProtobuf, type SentResource } from "../../../support/otlp.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 10_000);

const attributes = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 8 }), {
  maxKeys: 3,
});
const time = fc.integer({ min: 1, max: 2_000_000_000_000 });
const sent: fc.Arbitrary<SentResource[]> = fc.array(
  fc.record({
    attributes,
    metrics: fc.array(
      fc.record({
        name: fc.string({ maxLength: 12 }),
        kind: fc.constantFrom("gauge" as const, "sum" as const, "delta" as const, "histogram" as const),
        points: fc.array(
          fc.record({
            at: time,
            startedAt: time,
            attributes,
            value: fc.oneof(
              fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
              fc.double({ noNaN: true, noDefaultInfinity: true }),
            ),
          }),
          { maxLength: 3 },
        ),
      }),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);

test("both encodings say the same, and what was sent", () => {
  fc.assert(
    fc.property(sent, (resources) => {
      const fromProtobuf = readProtobuf(otlpProtobuf(resources));
      expect(readJson(Buffer.from(otlpJson(resources)))).toEqual(fromProtobuf);
      const points = fromProtobuf.flatMap(({ metrics }) => metrics.flatMap((metric) => metric.points));
      const numbers = resources.flatMap(({ metrics }) =>
        metrics.flatMap(({ kind, points: own }) => (kind === "histogram" ? [] : own)),
      );
      expect(points.map(({ value, at }) => [value, Number(at / 1_000_000n)])).toEqual(
        numbers.map(({ value, at }) => [Object.is(value, -0) ? -0 : value, at]),
      );
    }),
    { numRuns: 300 },
  );
});

test("a point has the labels that Prometheus would give it", () => {
  const resource = [
    ["service.instance.id", "web-1:9100"],
    ["service.name", "node"],
    ["server.address", "web-1"],
    ["cloud.region", "eu"],
  ] as const;
  expect(Object.fromEntries(labelsOf("m", resource, [["device", "eth0"]]))).toEqual({
    __name__: "m",
    instance: "web-1:9100",
    job: "node",
    cloud_region: "eu",
    device: "eth0",
  });
});

test("sums of deltas are refused and counted, histograms passed over", () => {
  const point = { at: 5, value: 3n };
  const { series, deltas, fault } = seriesOf(
    readJson(
      Buffer.from(
        otlpJson([
          {
            attributes: { "host.name": "a" },
            metrics: [
              { name: "good", points: [point] },
              { name: "bad", kind: "delta", points: [point, point] },
              { name: "other", kind: "histogram", points: [point] },
            ],
          },
        ]),
      ),
    ),
  );
  expect([deltas, fault]).toEqual([2, "bad: its temporality is delta; send cumulative sums"]);
  expect(series.map(({ samples, others }) => [samples.length, others])).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

function faultOf(read: (bytes: Buffer) => unknown, bytes: Buffer): string {
  try {
    seriesOf(read(bytes) as ReturnType<typeof readJson>);
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
  return "none";
}

test.each([
  "",
  "no JSON",
  "[]",
  '{"resourceMetrics":1}',
  '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"asInt":"1.5"}]}}]}]}]}',
])("%j is refused", (text) => {
  expect(faultOf(readJson, Buffer.from(text))).toBe("BAD_REQUEST");
});

test("an empty request, and fields that nobody knows, are good", () => {
  expect(readJson(Buffer.from("{}"))).toEqual([]);
  expect(readJson(Buffer.from('{"new":1,"resourceMetrics":[{"new":[]}]}'))).toEqual([
    { attributes: [], metrics: [] },
  ]);
  expect(readProtobuf(new Uint8Array(0))).toEqual([]);
});

test(`${RUNS} messages that were changed or cut are read or refused`, () => {
  fc.assert(
    fc.property(
      sent,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      fc.nat(),
      fc.boolean(),
      (resources, changes, cut, isJson) => {
        const bytes = isJson ? Buffer.from(otlpJson(resources)) : Buffer.from(otlpProtobuf(resources));
        for (const [place, value] of changes) if (bytes.length > 0) bytes[place % bytes.length] = value;
        const part = cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
        expect(["none", "BAD_REQUEST"]).toContain(faultOf(isJson ? readJson : readProtobuf, part));
      },
    ),
    { numRuns: RUNS },
  );
}, 3_600_000);
