import { SpillwayError } from "../../errors.ts";

/**
 * What a block of Snappy says. The length that it claims is looked at before anything is made room for, and nothing is
 * believed that lies outside of what was sent or written so far.
 *
 * Our own (docs/adr/0013-remote-write.md): of the packages one is native code for some platforms, and the other goes
 * round for ever on a literal of a length above 2^31.
 *
 * @param most bytes of the answer at most
 * @throws PAYLOAD_TOO_LARGE, BAD_REQUEST for what is no Snappy block, or says less or more than it claims
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function decompressBlock(block: Uint8Array, most: number): Uint8Array {
  const { value: length, offset: start } = claimedLength(block);
  if (length > most) {
    throw new SpillwayError(
      "PAYLOAD_TOO_LARGE",
      `the body has ${length} bytes once decompressed; at most ${most} are taken: send fewer samples at once`,
    );
  }
  const output = new Uint8Array(length);
  let written = 0;
  let offset = start;
  while (offset < block.length) {
    const tag = block[offset++] as number;
    if ((tag & 3) === 0) {
      let count = tag >>> 2;
      if (count >= 60) {
        const bytes = count - 59;
        count = unsignedAt(block, offset, bytes);
        offset += bytes;
      }
      count += 1;
      if (count > block.length - offset || count > length - written) throw badBlock(offset);
      output.set(block.subarray(offset, offset + count), written);
      offset += count;
      written += count;
      continue;
    }
    const copy = copyAt(block, tag, offset);
    offset = copy.next;
    if (copy.back === 0 || copy.back > written || copy.count > length - written) throw badBlock(offset);
    // Byte by byte: a copy may reach into what it writes itself, and so repeats it.
    for (let end = written + copy.count; written < end; written++) {
      output[written] = output[written - copy.back] as number;
    }
  }
  if (written !== length) throw badBlock(offset);
  return output;
}

/** The varint that a block begins with: up to 2^32-1. */
function claimedLength(block: Uint8Array): { value: number; offset: number } {
  let value = 0;
  for (let offset = 0; offset < 5 && offset < block.length; offset++) {
    const byte = block[offset] as number;
    value += (byte & 0x7f) * 2 ** (7 * offset);
    if (byte < 0x80) {
      if (value >= 2 ** 32) break;
      return { value, offset: offset + 1 };
    }
  }
  throw badBlock(0);
}

interface Copy {
  readonly count: number;
  /** How far back it begins. */
  readonly back: number;
  readonly next: number;
}

function copyAt(block: Uint8Array, tag: number, offset: number): Copy {
  if ((tag & 3) === 1) {
    const low = unsignedAt(block, offset, 1);
    return { count: ((tag >>> 2) & 7) + 4, back: (tag >>> 5) * 256 + low, next: offset + 1 };
  }
  const bytes = (tag & 3) === 2 ? 2 : 4;
  return { count: (tag >>> 2) + 1, back: unsignedAt(block, offset, bytes), next: offset + bytes };
}

/** A little-endian number of up to four bytes. */
function unsignedAt(block: Uint8Array, offset: number, bytes: number): number {
  if (offset + bytes > block.length) throw badBlock(offset);
  let value = 0;
  for (let index = 0; index < bytes; index++) value += (block[offset + index] as number) * 256 ** index;
  return value;
}

function badBlock(offset: number): SpillwayError {
  return new SpillwayError(
    "BAD_REQUEST",
    `the body is no block of Snappy: a fault at byte ${offset}; remote write takes the block format, not the framed one`,
  );
}
