/**
 * What reading hostile bodies of samples allocates, as a process of its own with --expose-gc: a line of JSON for each,
 * with the bytes that were not there before. What has become garbage meanwhile counts too, unless it was collected.
 */
import { gzipSync } from "node:zlib";
import { decodeBody } from "../../src/ingest/body.ts";
import { readJson } from "../../src/ingest/otlp/json.ts";
import { readProtobuf } from "../../src/ingest/otlp/protobuf.ts";
import { readRequestV2, readWriteRequest } from "../../src/ingest/remote-write/message.ts";
import { decompressBlock } from "../../src/ingest/remote-write/snappy.ts";
import { LIMITS } from "../../src/protocol/limits.ts";

const CAP = LIMITS.decodedBytes;

/** As much of the largest body as repetitions of these bytes fill. */
function repeated(...bytes: number[]): Buffer {
  return Buffer.alloc(CAP - (CAP % bytes.length), Buffer.from(bytes));
}

/** A field that holds a message, of the length that it is said to have. */
function field(number: number, content: Buffer, length = content.length): Buffer {
  const head = [(number << 3) | 2];
  for (let left = length; ; left = Math.floor(left / 128)) {
    head.push(left < 128 ? left : (left % 128) | 128);
    if (left < 128) break;
  }
  return Buffer.concat([Buffer.from(head), content]);
}

const HUGE = 2 ** 32 - 1;
const little = Buffer.from("node_netstat_TcpExt_ListenOverflows");
const series = field(1, Buffer.concat([field(1, field(1, little)), field(2, Buffer.alloc(0))]));

const bomb = gzipSync(Buffer.alloc(8 * CAP));

type Read = () => unknown;
const LIES: Readonly<Record<string, Read>> = {
  "Snappy that claims 4 GiB": () => decompressBlock(Buffer.from([255, 255, 255, 255, 15, 0]), CAP),
  "Snappy that claims all that may be, and says a byte": () =>
    decompressBlock(Buffer.from([0x80, 0x80, 0x80, 4, 0, 97]), CAP),
  "Snappy with a literal of 4 GiB": () =>
    decompressBlock(Buffer.from([0x80, 0x80, 0x80, 4, 63 << 2, 255, 255, 255, 255, 97]), CAP),
  "a series of 4 GiB": () => readWriteRequest(field(1, little, HUGE)),
  "a label of 4 GiB in a series": () => readWriteRequest(field(1, field(1, little, HUGE))),
  "a name of 4 GiB in a label": () => readWriteRequest(field(1, field(1, field(1, little, HUGE)))),
  "a million bytes of good series, and one that is cut": () =>
    readWriteRequest(Buffer.concat([...Array.from({ length: 10_000 }, () => series), series.subarray(0, 9)])),
  "a symbol of 4 GiB": () => readRequestV2(field(4, little, HUGE)),
  "references of 4 GiB": () => readRequestV2(field(5, field(1, little, HUGE))),
  "a resource of 4 GiB": () => readProtobuf(field(1, little, HUGE)),
  "an attribute of 4 GiB": () => readProtobuf(field(1, field(1, field(1, field(1, little, HUGE))))),
  "an unknown field of 4 GiB": () => readProtobuf(field(15, little, HUGE)),
  "a zip of eight times as much as is taken": () => decodeBody({ bytes: bomb, gzip: true }),
};
/** Each is Snappy's or gzip's work of a few kilobytes. */
const LISTS: Readonly<Record<string, Read>> = {
  "series of nothing": () => readWriteRequest(repeated(0x0a, 0)),
  "series of a sample of nothing": () => readWriteRequest(repeated(0x0a, 2, 0x12, 0)),
  "samples of nothing": () => readWriteRequest(field(1, repeated(0x12, 0))),
  "labels of nothing": () => readWriteRequest(field(1, repeated(0x0a, 0))),
  "symbols of nothing": () => readRequestV2(repeated(0x22, 0)),
  references: () => readRequestV2(field(5, field(1, repeated(0)))),
  "resources of nothing": () => readProtobuf(repeated(0x0a, 0)),
  "metrics of nothing": () => readProtobuf(field(1, field(2, repeated(0x12, 0)))),
  "points of nothing": () => readProtobuf(field(1, field(2, field(2, field(7, repeated(0x0a, 0)))))),
  "attributes of nothing": () => readProtobuf(field(1, field(1, repeated(0x0a, 0)))),
  "resources of nothing in JSON": () =>
    readJson(Buffer.from(`{"resourceMetrics":[${"{},".repeat(CAP / 3 - 100)}{}]}`)),
  "arrays within each other in JSON": () => readJson(Buffer.alloc(CAP, "[")),
};

async function allocatedBy(read: Read): Promise<{ readonly bytes: number; readonly fault: string }> {
  global.gc?.();
  const before = process.memoryUsage();
  let fault = "none";
  try {
    await read();
  } catch (error) {
    fault = (error as { code?: string }).code ?? String(error);
  }
  const after = process.memoryUsage();
  const used = ({ heapUsed, arrayBuffers }: NodeJS.MemoryUsage) => heapUsed + arrayBuffers;
  return { bytes: used(after) - used(before), fault };
}

for (const [kind, reads] of Object.entries({ lies: LIES, lists: LISTS })) {
  for (const [what, read] of Object.entries(reads)) {
    process.stdout.write(`${JSON.stringify({ kind, what, ...(await allocatedBy(read)) })}\n`);
  }
}
