/** Messages of protobuf by the reader of its wire format, without generated code. */
import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { requireFewParts } from "./parts.ts";

/** A varint of more bytes than this is no number that floating point holds. */
const PLAIN_VARINT = 7;

/** Reads one request, and counts the messages within it: one of two bytes is an object all the same. */
export class RequestReader extends BinaryReader {
  /** All of the request. */
  readonly body: Buffer;
  readonly #numbers: DataView;
  #parts = 0;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The 64-bit float at a place that is not the reader's. @throws RangeError where the body ends before it does */
  doubleAt(place: number): number {
    return this.#numbers.getFloat64(place, true);
  }

  /**
   * The end of the message that begins here.
   *
   * @throws RangeError when it lies outside of what holds it, PAYLOAD_TOO_LARGE when there are too many
   */
  end(): number {
    this.part();
    const length = this.uint32();
    const end = this.pos + length;
    if (end > this.len) throw new RangeError("a message is longer than what holds it");
    return end;
  }

  /** Counts something else that a request lists. @throws PAYLOAD_TOO_LARGE when there are too many */
  part(): void {
    requireFewParts(++this.#parts);
  }

  /** An int64 as a number: the same as `int64()` without a bigint for what floating point holds. */
  whole(): number {
    const { body, pos } = this;
    let value = 0;
    let unit = 1;
    for (let place = pos; place < pos + PLAIN_VARINT && place < body.length; place++) {
      const byte = body[place] as number;
      value += (byte & 0x7f) * unit;
      unit *= 128;
      if (byte < 0x80) {
        this.pos = place + 1;
        return value;
      }
    }
    return Number(this.int64());
  }
}

/**
 * Gives each field of a message; one that is not taken is passed over.
 *
 * @param end where the message ends
 * @throws Error, RangeError for what is no message
 */
export function eachField(
  reader: RequestReader,
  take: (field: number, reader: RequestReader, type: WireType) => boolean,
  end = reader.len,
): void {
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (!take(field, reader, type)) reader.skip(type, field);
  }
  if (reader.pos > end) throw new RangeError("a message ends within a field");
}
