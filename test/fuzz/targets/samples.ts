/** What strangers send as samples: Prometheus remote write and OTLP. Everything is read or refused. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { snappy } from "../../../bench/peers/snappy.ts";
import { decodeBody } from "../../../src/ingest/body.ts";
import { readJson } from "../../../src/ingest/otlp/json.ts";
import { readProtobuf } from "../../../src/ingest/otlp/protobuf.ts";
import { seriesOf } from "../../../src/ingest/otlp/request.ts";
import { readRequestV2, readWriteRequest } from "../../../src/ingest/remote-write/message.ts";
import { decompressBlock } from "../../../src/ingest/remote-write/snappy.ts";
import { otlpJson, otlpProtobuf, type SentResource } from "../../support/otlp.ts";
import { requestV2, type SentSeries, writeRequest } from "../../support/remote-write.ts";
import { damaged } from "../edits.ts";
import { expectReadOrRefused } from "../outcome.ts";
import { type FuzzTarget, target } from "../target.ts";

const DECOMPRESSED_MAX = 100_000;
const recorded = (name: string) => readFileSync(new URL(`../../fixtures/otlp/${name}`, import.meta.url));
/** Bodies that a real sender wrote. */
export const RECORDED = { json: recorded("sdk-metrics.json"), protobuf: recorded("sdk-metrics.pb") };

const time = fc.integer({ min: 1, max: 2_000_000_000_000 });

export const anySeries: fc.Arbitrary<SentSeries[]> = fc.array(
  fc.record({
    // Labels of any kind, and labels as the series before has them, in ASCII or not.
    labels: fc.oneof(
      fc.dictionary(
        fc.string({ minLength: 1, maxLength: 10 }),
        fc.string({ maxLength: 10, unit: "grapheme" }),
        {
          maxKeys: 5,
        },
      ),
      fc.record({ __name__: fc.constantFrom("a", "b", "ä"), instance: fc.constantFrom("x:1", "y:1", "ü") }),
    ),
    samples: fc.array(fc.record({ at: time, value: fc.double({ noNaN: true }), startedAt: time }), {
      maxLength: 4,
    }),
  }),
  { maxLength: 5 },
);

/** Texts that repeat themselves, near and far. */
export const repetitive: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constant(Buffer.from("node_netstat_TcpExt_ListenOverflows")),
    ),
    { maxLength: 400 },
  )
  .map((parts) => Buffer.concat(parts));

const attributes = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 8 }), {
  maxKeys: 3,
});

export const anyResources: fc.Arbitrary<SentResource[]> = fc.array(
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
              // JSON as JavaScript writes it has no -0.
              fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
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

export const SAMPLES: readonly FuzzTarget[] = [
  target("snappy", {
    cases: 20_000,
    input: damaged(fc.oneof(repetitive, repetitive.map(snappy))),
    check: (block) =>
      expectReadOrRefused(() => decompressBlock(block, DECOMPRESSED_MAX), "BAD_REQUEST", "PAYLOAD_TOO_LARGE"),
  }),
  target("remote-write", {
    cases: 10_000,
    input: damaged(anySeries.map(writeRequest)),
    check: (bytes) => expectReadOrRefused(() => readWriteRequest(bytes), "BAD_REQUEST"),
  }),
  target("remote-write-2", {
    cases: 10_000,
    input: damaged(anySeries.map(requestV2)),
    check: (bytes) => expectReadOrRefused(() => readRequestV2(bytes), "BAD_REQUEST"),
  }),
  target("otlp-json", {
    cases: 5_000,
    input: bodies((resources) => Buffer.from(otlpJson(resources)), RECORDED.json),
    check: (body) =>
      expectReadOrRefused(async () => seriesOf(readJson(await decodeBody(body))), "BAD_REQUEST"),
  }),
  target("otlp-protobuf", {
    cases: 5_000,
    input: bodies(otlpProtobuf, RECORDED.protobuf),
    check: (body) =>
      expectReadOrRefused(async () => seriesOf(readProtobuf(await decodeBody(body))), "BAD_REQUEST"),
  }),
];

/** Plain, damaged before it is zipped, and after. */
function bodies(write: (resources: SentResource[]) => Uint8Array, real: Buffer) {
  const plain = fc.oneof(anyResources.map(write), fc.constant(real));
  const zipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 1 });
  return fc.oneof(
    damaged(plain).map((bytes) => ({ bytes, gzip: false })),
    damaged(plain).map((bytes) => ({ bytes: zipped(bytes), gzip: true })),
    damaged(plain.map(zipped)).map((bytes) => ({ bytes, gzip: true })),
  );
}
