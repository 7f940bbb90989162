import fc from "fast-check";
import { expect, test } from "vitest";
import { SpillwayError } from "../../../../src/errors.ts";
import { readJson } from "../../../../src/ingest/otlp/json.ts";
import { labelsOf } from "../../../../src/ingest/otlp/labels.ts";
import { readProtobuf } from "../../../../src/ingest/otlp/protobuf.ts";
import { seriesOf } from "../../../../src/ingest/otlp/request.ts";
import { anyResources, RECORDED } from "../../../fuzz/targets/samples.ts";
import { otlpJson, otlpProtobuf } from "../../../support/otlp.ts";

test("both encodings say the same, and what was sent", () => {
  fc.assert(
    fc.property(anyResources, (resources) => {
      const fromProtobuf = readProtobuf(otlpProtobuf(resources));
      expect(readJson(Buffer.from(otlpJson(resources)))).toEqual(fromProtobuf);
      const points = fromProtobuf.flatMap(({ metrics }) => metrics.flatMap((metric) => metric.points));
      const numbers = resources.flatMap(({ metrics }) =>
        metrics.flatMap(({ kind, points: own }) => (kind === "histogram" ? [] : own)),
      );
      expect(points.map(({ value, at }) => [value, Number(at / 1_000_000n)])).toEqual(
        numbers.map(({ value, at }) => [value, at]),
      );
    }),
    { numRuns: 300 },
  );
});

test("times of JSON may be numbers; an integer may be one that JSON has lost nothing of", () => {
  const at = 1_780_000_000_123_000_000;
  const pointOf = (more: object) => {
    const point = { timeUnixNano: at, startTimeUnixNano: at - 1e9, ...more };
    const metrics = [{ name: "x", sum: { aggregationTemporality: 2, dataPoints: [point] } }];
    const [resource] = readJson(
      Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })),
    );
    return resource?.metrics[0]?.points[0];
  };
  expect(pointOf({ asInt: 7 })).toMatchObject({ at: BigInt(at), value: 7n });
  expect(() => pointOf({ asInt: 2 ** 60 })).toThrow(SpillwayError);
  expect(() => pointOf({ asInt: 1, timeUnixNano: 1.5 })).toThrow(SpillwayError);
});

test("a point has the labels that Prometheus would give it", () => {
  const resource = [
    ["service.instance.id", "web-1:9100"],
    ["service.name", "node"],
    ["server.address", "web-1"],
    ["cloud.region", "eu"],
  ] as const;
  expect(Object.fromEntries(labelsOf(resource, [["device", "eth0"]]))).toEqual({
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

test("what a real sender wrote is read, in both encodings", () => {
  const counts = { ListenOverflows: "TcpExt", PassiveOpens: "Tcp", CurrEstab: "Tcp" };
  for (const resources of [readJson(RECORDED.json), readProtobuf(RECORDED.protobuf)]) {
    const { series, deltas } = seriesOf(resources);
    expect(deltas).toBe(0);
    expect(series.map(({ metric }) => metric)).toEqual([
      ...Object.entries(counts).map(([field, group]) => `node_netstat_${group}_${field}`),
      "http.server.duration",
    ]);
    expect(series.map(({ samples, others }) => [samples[0]?.value, others])).toEqual([
      [125, 0],
      [1_500, 0],
      [7, 0],
      [undefined, 1],
    ]);
    expect(series[0]?.labels.get("host")).toBe("web-1");
    const [first] = series[0]?.samples ?? [];
    expect((first?.at ?? 0) - (first?.startedAt ?? 0)).toBeGreaterThan(1_000);
  }
});
