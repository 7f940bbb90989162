import { SpillwayError } from "../../errors.ts";

/** Up to so many bytes are copied here, four at a time: a call that copies costs as much as these do. */
const SHORT = 64;

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
  // No byte says more than those of a copy whose offset has two bytes: 64 bytes by three.
  if (length > 22 * block.length + 32) throw badBlock(0);
  const output = new Uint8Array(length);
  const from = viewOf(block);
  const to = viewOf(output);
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
      if (count > SHORT) output.set(block.subarray(offset, offset + count), written);
      else copyShort(from, offset, to, written, count);
      offset += count;
      written += count;
      continue;
    }
    const isShort = (tag & 3) === 1;
    const bytes = isShort ? 1 : (tag & 3) === 2 ? 2 : 4;
    const count = isShort ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const back = unsignedAt(block, offset, bytes) + (isShort ? (tag >>> 5) * 256 : 0);
    offset += bytes;
    if (back === 0 || back > written || count > length - written) throw badBlock(offset);
    if (back >= 4) copyShort(to, written - back, to, written, count);
    // One that reaches into the four bytes before it repeats what it writes itself.
    else
      for (let place = written; place < written + count; place++)
        output[place] = output[place - back] as number;
    written += count;
  }
  if (written !== length) throw badBlock(offset);
  return output;
}

/** Copies forward, so that what it writes may be read again four bytes later. The caller has looked at both ends. */
function copyShort(from: DataView, start: number, to: DataView, place: number, count: number): void {
  let done = 0;
  for (; done <= count - 4; done += 4) to.setUint32(place + done, from.getUint32(start + done));
  for (; done < count; done++) to.setUint8(place + done, from.getUint8(start + done));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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

/** A little-endian number of up to four bytes. */
function unsignedAt(block: Uint8Array, offset: number, bytes: number): number {
  if (offset + bytes > block.length) throw badBlock(offset);
  let value = block[offset] as number;
  if (bytes > 1) value |= (block[offset + 1] as number) << 8;
  if (bytes > 2) value |= (block[offset + 2] as number) << 16;
  if (bytes > 3) value |= (block[offset + 3] as number) << 24;
  return value >>> 0;
}

function badBlock(offset: number): SpillwayError {
  return new SpillwayError(
    "BAD_REQUEST",
    `the body is no block of Snappy: a fault at byte ${offset}; remote write takes the block format, not the framed one`,
  );
}
