import { crc32 } from "node:zlib";
import { POSITIONS } from "../../rates/shard-sums.ts";
import { SEASONAL_SERIES, type Series, STILL_SERIES } from "../series.ts";
import type { SeriesBank, StateArray } from "./series-bank.ts";
import { ShardBaselines } from "./shard-baselines.ts";

/** Written as a native 32-bit number: state of another byte order is of no version. */
const VERSION = 0x5350_4c01;
const HEADER_BYTES = 12;
/** The checksum covers all that follows it. */
const CHECKED_FROM = 8;

/** What is stored before the arrays, as JSON: which series they are of, and of which positions. */
interface Head {
  readonly watermark: number;
  readonly still: readonly string[];
  readonly seasonal: readonly string[];
  readonly positions: readonly number[];
}

/**
 * The state of a shard as bytes: version, CRC-32 of the rest, length of the head, the head, then for each position
 * that was ever judged its arrays as they lie in memory. About 3 kB a position; Postgres compresses it.
 */
export function encodeBaselines(shard: ShardBaselines): Buffer {
  const positions = [...shard.lastMinute.keys()].filter(
    (position) => shard.lastMinute[position] !== 0 || shard.skips[position] !== 0,
  );
  const head: Head = { watermark: shard.watermark, still: NAMES.still, seasonal: NAMES.seasonal, positions };
  const text = Buffer.from(JSON.stringify(head));
  const parts: Uint8Array[] = [text];
  for (const position of positions) {
    for (const { array, width } of blocksOf(shard)) {
      parts.push(bytesOf(array, position * width, width));
    }
  }
  const checked = Buffer.concat([Buffer.from(new Uint32Array([text.length]).buffer), ...parts]);
  return Buffer.concat([Buffer.from(new Uint32Array([VERSION, crc32(checked)]).buffer), checked]);
}

/**
 * The state of stored bytes. Series that were added since begin anew, and those that were taken away are dropped.
 *
 * @throws RangeError for bytes of another version, or that were damaged: the shard then has to learn anew
 */
export function decodeBaselines(bytes: Uint8Array): ShardBaselines {
  // A copy begins at an offset that numbers of any size may lie at.
  const copy = Uint8Array.from(bytes);
  if (copy.length < HEADER_BYTES) throw new RangeError(`baselines of ${copy.length} bytes are cut off`);
  const [version, checksum, headLength] = new Uint32Array(copy.buffer, 0, 3);
  if (version !== VERSION) throw new RangeError(`baselines of version ${version}, and not ${VERSION}`);
  if (crc32(copy.subarray(CHECKED_FROM)) !== checksum)
    throw new RangeError("the checksum of the baselines does not agree");
  const body = copy.subarray(HEADER_BYTES);
  const head: Head = JSON.parse(Buffer.from(body.subarray(0, headLength)).toString());
  const shard = new ShardBaselines();
  shard.watermark = head.watermark;
  readArrays(shard, head, body.subarray(headLength));
  return shard;
}

const nameAll = (all: readonly Series[]) => all.map(({ name }) => name);
const NAMES = { still: nameAll(STILL_SERIES), seasonal: nameAll(SEASONAL_SERIES) };

/** A state array, with how many of its elements belong to one position. */
interface Block {
  readonly array: StateArray;
  readonly width: number;
}

function blocksOf(shard: ShardBaselines): Block[] {
  const ofBank = (bank: SeriesBank, series: number): Block[] =>
    bank.columns().map(({ array, perSeries }) => ({ array, width: perSeries * series }));
  return [
    { array: shard.lastMinute, width: 1 },
    { array: shard.skips, width: 1 },
    ...ofBank(shard.still, STILL_SERIES.length),
    ...ofBank(shard.seasonal, SEASONAL_SERIES.length),
  ];
}

function bytesOf(array: StateArray, start: number, length: number): Uint8Array {
  const size = array.BYTES_PER_ELEMENT;
  return new Uint8Array(array.buffer, array.byteOffset + start * size, length * size);
}

function readArrays(shard: ShardBaselines, head: Head, bytes: Uint8Array): void {
  let offset = 0;
  const take = (length: number) => {
    const taken = bytes.subarray(offset, offset + length);
    offset += length;
    return taken;
  };
  const bankBlocks = [
    { bank: shard.still, stored: head.still, own: NAMES.still },
    { bank: shard.seasonal, stored: head.seasonal, own: NAMES.seasonal },
  ];
  for (const position of head.positions) {
    if (!(position >= 0 && position < POSITIONS)) throw new RangeError(`baselines of position ${position}`);
    for (const array of [shard.lastMinute, shard.skips]) {
      bytesOf(array, position, 1).set(take(array.BYTES_PER_ELEMENT));
    }
    for (const { bank, stored, own } of bankBlocks) {
      for (const { array, perSeries } of bank.columns()) {
        for (const name of stored) {
          const place = own.indexOf(name);
          const from = take(perSeries * array.BYTES_PER_ELEMENT);
          if (place === -1) continue;
          bytesOf(array, (position * own.length + place) * perSeries, perSeries).set(from);
        }
      }
    }
  }
  if (offset !== bytes.length) throw new RangeError("the baselines are not as long as they say");
}
