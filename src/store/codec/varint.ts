import { type Count, toCount } from "../../protocol/count.ts";

/**
 * Unsigned integers of any size, seven bits a byte, low bits first, the top bit set on all bytes but the
 * last (LEB128). Small values, which are most, take one byte.
 */
export class VarintWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(16, capacity));
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = value;
  }

  varint(value: Count): void {
    let rest = value;
    if (typeof rest === "bigint") {
      while (rest > 0x7fffffffn) {
        this.byte(Number(rest & 0x7fn) | 0x80);
        rest >>= 7n;
      }
      rest = Number(rest);
    }
    while (rest > 0x7fffffff) {
      this.byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  bytes(values: Uint8Array): void {
    while (this.#length + values.length > this.#bytes.length) this.#grow();
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written, in a buffer of their own. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

/** Reads what a `VarintWriter` wrote. @throws RangeError where the bytes end within a value. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** Where the next byte is read. */
  get offset(): number {
    return this.#offset;
  }

  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new RangeError(`cannot read byte ${this.#offset}: the data ends there`);
    this.#offset++;
    return value;
  }

  /** The next bytes, still in the buffer that is read. */
  bytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (!(length >= 0 && end <= this.#bytes.length)) {
      throw new RangeError(
        `cannot read ${length} bytes at ${this.#offset}: the data ends at ${this.#bytes.length}`,
      );
    }
    const values = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return values;
  }

  varint(): Count {
    const start = this.#offset;
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 7; length++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.#offset = start;
    return this.#large();
  }

  /** Eight bytes and more: 49 bits fit a number safely, the rest may not. */
  #large(): Count {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return toCount(value);
    }
  }
}
