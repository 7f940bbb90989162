/**
 * Snappy's block format, which Prometheus' remote write asks for: the length, then literals and copies. As the
 * reference compressor does, blocks of 64 KiB are looked through for four equal bytes by a hash table.
 */
const BLOCK = 65_536;
const TABLE_BITS = 14;
const MIN_INPUT = 15;

const table = new Uint16Array(1 << TABLE_BITS);

export function snappy(input: Buffer): Buffer {
  const output = new SnappyWriter(32 + input.length + Math.floor(input.length / 6));
  output.varint(input.length);
  for (let start = 0; start < input.length; start += BLOCK) {
    block(input, start, Math.min(start + BLOCK, input.length), output);
  }
  return output.take();
}

function block(input: Buffer, start: number, end: number, output: SnappyWriter): void {
  let literalFrom = start;
  if (end - start >= MIN_INPUT) {
    table.fill(0);
    const limit = end - MIN_INPUT;
    let at = start + 1;
    let skip = 32;
    while (at <= limit) {
      const bytes = input.readUInt32LE(at);
      const slot = slotOf(bytes);
      const candidate = start + (table[slot] ?? 0);
      table[slot] = at - start;
      if (candidate >= at || input.readUInt32LE(candidate) !== bytes) {
        // The longer nothing was found, the larger the steps: what cannot be compressed costs little time.
        at += skip++ >> 5;
        continue;
      }
      skip = 32;
      output.literal(input, literalFrom, at);
      let length = 4;
      while (at + length < end && input[candidate + length] === input[at + length]) length++;
      output.copy(at - candidate, length);
      at += length;
      literalFrom = at;
      if (at <= limit) table[slotOf(input.readUInt32LE(at - 1))] = at - 1 - start;
    }
  }
  output.literal(input, literalFrom, end);
}

function slotOf(bytes: number): number {
  return Math.imul(bytes, 0x1e35a7bd) >>> (32 - TABLE_BITS);
}

class SnappyWriter {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
  }

  literal(from: Buffer, start: number, end: number): void {
    if (start === end) return;
    const length = end - start - 1;
    if (length < 60) this.#byte(length << 2);
    else if (length < 256) {
      this.#byte(60 << 2);
      this.#byte(length);
    } else {
      this.#byte(61 << 2);
      this.#byte(length & 0xff);
      this.#byte(length >>> 8);
    }
    this.#length += from.copy(this.#bytes, this.#length, start, end);
  }

  copy(offset: number, length: number): void {
    let rest = length;
    while (rest >= 68) {
      this.#longCopy(offset, 64);
      rest -= 64;
    }
    if (rest > 64) {
      // What remains must be four bytes at least.
      this.#longCopy(offset, 60);
      rest -= 60;
    }
    if (rest < 12 && offset < 2_048) {
      this.#byte(1 | ((rest - 4) << 2) | ((offset >>> 8) << 5));
      this.#byte(offset & 0xff);
    } else this.#longCopy(offset, rest);
  }

  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #longCopy(offset: number, length: number): void {
    this.#byte(2 | ((length - 1) << 2));
    this.#byte(offset & 0xff);
    this.#byte(offset >>> 8);
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }
}
