import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SpillwayError } from "../../../../src/errors.ts";
import { decodeBody } from "../../../../src/ingest/body.ts";
import { readJson } from "../../../../src/ingest/otlp/json.ts";
import { labelsOf } from "../../../../src/ingest/otlp/labels.ts";
import { readProtobuf } from "../../../../src/ingest/otlp/protobuf.ts";
import { seriesOf } from "../../../../src/ingest/otlp/request.ts";
import { otlpJson, otlpProtobuf, type SentResource } from "../../../support/otlp.ts";

/** Bodies of test/fixtures/otlp. */
const RECORDED = {
  json: readFileSync(new URL("../../../fixtures/otlp/sdk-metrics.json", import.meta.url)),
  protobuf: readFileSync(new URL("../../../fixtures/otlp/sdk-metrics.pb", import.meta.url)),
};

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

/** Bytes as they are sent, and how. */
const bodies = fc.oneof(
  fc.tuple(sent, fc.boolean()).map(([resources, isJson]) => ({
    isJson,
    plain: Buffer.from(isJson ? otlpJson(resources) : otlpProtobuf(resources)),
  })),
  fc.boolean().map((isJson) => ({ isJson, plain: Buffer.from(RECORDED[isJson ? "json" : "protobuf"]) })),
);

async function outcomeOf(isJson: boolean, gzip: boolean, bytes: Buffer): Promise<string> {
  try {
    const body = await decodeBody({ bytes, gzip });
    return faultOf(isJson ? readJson : readProtobuf, body);
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
}

/** What zlib has let go of is freed by the event loop, which a property of promises alone would never come to. */
const RUNS_A_TURN = 200;

test(`${RUNS} messages that were changed or cut, zipped or not, are read or refused`, async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      bodies,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      fc.nat(),
      // Plain, changed before it is zipped, and after.
      fc.constantFrom("plain", "changed", "zipped"),
      async ({ isJson, plain }, changes, cut, form) => {
        const bytes = form === "zipped" ? gzipSync(plain, { level: 1 }) : Buffer.from(plain);
        for (const [place, value] of changes) if (bytes.length > 0) bytes[place % bytes.length] = value;
        const part = cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
        if (++runs % RUNS_A_TURN === 0) await turn();
        const body = form === "changed" ? gzipSync(part, { level: 1 }) : part;
        expect(["none", "BAD_REQUEST"]).toContain(await outcomeOf(isJson, form !== "plain", body));
      },
    ),
    { numRuns: RUNS },
  );
}, 3_600_000);
