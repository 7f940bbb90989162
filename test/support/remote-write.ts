/** Remote write as a sender would write it: messages by the wire format's own writer, in one literal of Snappy. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export interface SentSample {
  readonly at: number;
  readonly value: number;
  readonly startedAt?: number;
}

export interface SentSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly SentSample[];
}

function sampleOf({ at, value, startedAt }: SentSample, writer: BinaryWriter, stale: boolean): void {
  if (stale) writer.tag(1, WireType.Bit64).fixed64("9218868437227405314");
  else writer.tag(1, WireType.Bit64).double(value);
  writer.tag(2, WireType.Varint).int64(at);
  if (startedAt !== undefined) writer.tag(3, WireType.Varint).int64(startedAt);
}

/** A `prometheus.WriteRequest`; a value that is NaN ends its series. */
export function writeRequest(series: readonly SentSeries[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { labels, samples } of series) {
    writer.tag(1, WireType.LengthDelimited).fork();
    for (const [name, value] of Object.entries(labels)) {
      writer.tag(1, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(name);
      writer.tag(2, WireType.LengthDelimited).string(value).join();
    }
    for (const sample of samples) {
      writer.tag(2, WireType.LengthDelimited).fork();
      sampleOf(sample, writer, Number.isNaN(sample.value));
      writer.join();
    }
    writer.join();
  }
  return writer.finish();
}

/** An `io.prometheus.write.v2.Request` of the same. */
export function requestV2(series: readonly SentSeries[]): Uint8Array {
  const symbols = new Map([["", 0]]);
  const placeOf = (text: string) => {
    const place = symbols.get(text) ?? symbols.size;
    symbols.set(text, place);
    return place;
  };
  const body = new BinaryWriter();
  for (const { labels, samples } of series) {
    body.tag(5, WireType.LengthDelimited).fork();
    body.tag(1, WireType.LengthDelimited).fork();
    for (const [name, value] of Object.entries(labels)) body.uint32(placeOf(name)).uint32(placeOf(value));
    body.join();
    for (const sample of samples) {
      body.tag(2, WireType.LengthDelimited).fork();
      sampleOf(sample, body, Number.isNaN(sample.value));
      body.join();
    }
    body.join();
  }
  const writer = new BinaryWriter();
  for (const text of symbols.keys()) writer.tag(4, WireType.LengthDelimited).string(text);
  return Buffer.concat([writer.finish(), body.finish()]);
}

/** A block of Snappy that compresses nothing. */
export function literalBlock(bytes: Uint8Array): Buffer {
  const head: number[] = [];
  for (let left = bytes.length; ; left = Math.floor(left / 128)) {
    head.push(left < 128 ? left : (left % 128) | 128);
    if (left < 128) break;
  }
  if (bytes.length === 0) return Buffer.from(head);
  const count = Buffer.alloc(4);
  count.writeUInt32LE(bytes.length - 1);
  return Buffer.concat([Buffer.from(head), Buffer.from([63 << 2]), count, bytes]);
}
