import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { SpillwayError } from "../../errors.ts";
import type { SampleSeries, SentSample } from "../samples/series.ts";
import { eachField, endOf } from "../samples/wire.ts";

/** Series of one request at most, and names and values of labels: what is read before it is known whose it is. */
const SERIES_MAX = 100_000;
const LABELS_MAX = 100;
/** A NaN that says that a series has ended: told by its bits, since no NaN equals another. */
const STALE_BITS = 0x7ff0000000000002n;

/**
 * The series of a `prometheus.WriteRequest`, remote write 1.0; fields that are not known are passed over.
 *
 * @throws BAD_REQUEST for what is no such message
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export function readWriteRequest(bytes: Uint8Array): SampleSeries[] {
  return reading(() => {
    const series: SampleSeries[] = [];
    eachField(new BinaryReader(bytes), (field, reader) => {
      if (field !== 1) return false;
      requireRoom(series);
      series.push(readSeries(reader, readLabel));
      return true;
    });
    return series;
  });
}

/**
 * The series of an `io.prometheus.write.v2.Request`, remote write 2.0: its labels are places in a table of texts.
 *
 * @throws BAD_REQUEST for what is no such message
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 */
export function readRequestV2(bytes: Uint8Array): SampleSeries[] {
  return reading(() => {
    const symbols: string[] = [];
    // The table may come after what refers to it.
    eachField(new BinaryReader(bytes), (field, reader) => {
      if (field !== 4) return false;
      symbols.push(reader.string());
      return true;
    });
    const series: SampleSeries[] = [];
    eachField(new BinaryReader(bytes), (field, reader) => {
      if (field !== 5) return false;
      requireRoom(series);
      series.push(readSeriesV2(reader, symbols));
      return true;
    });
    return series;
  });
}

function readSeries(
  reader: BinaryReader,
  readLabel: (reader: BinaryReader) => readonly [string, string],
): SampleSeries {
  const labels: (readonly [string, string])[] = [];
  const samples: SentSample[] = [];
  let others = 0;
  eachField(
    reader,
    (field) => {
      if (field === 1) labels.push(readLabel(reader));
      else if (field === 2) samples.push(readSample(reader));
      else {
        if (field === 3 || field === 4) others++;
        return false;
      }
      return true;
    },
    endOf(reader),
  );
  return { labels: labelMap(labels), samples, others };
}

function readSeriesV2(reader: BinaryReader, symbols: readonly string[]): SampleSeries {
  const references: number[] = [];
  const samples: SentSample[] = [];
  let others = 0;
  eachField(
    reader,
    (field, _reader, type) => {
      if (field === 1 && type === WireType.LengthDelimited) {
        for (const end = endOf(reader); reader.pos < end; ) references.push(reader.uint32());
      } else if (field === 1) references.push(reader.uint32());
      else if (field === 2) samples.push(readSample(reader));
      else {
        if (field === 3 || field === 4) others++;
        return false;
      }
      return true;
    },
    endOf(reader),
  );
  if (references.length % 2 !== 0) throw new RangeError("a label has a name and no value");
  const labels = Array.from({ length: references.length / 2 }, (_, index) => {
    const name = symbols[references[2 * index] ?? -1];
    const value = symbols[references[2 * index + 1] ?? -1];
    if (name === undefined || value === undefined)
      throw new RangeError("a label is not in the table of symbols");
    return [name, value] as const;
  });
  return { labels: labelMap(labels), samples, others };
}

function readLabel(reader: BinaryReader): readonly [string, string] {
  let name = "";
  let value = "";
  eachField(
    reader,
    (field) => {
      if (field === 1) name = reader.string();
      else if (field === 2) value = reader.string();
      else return false;
      return true;
    },
    endOf(reader),
  );
  return [name, value];
}

function readSample(reader: BinaryReader): SentSample {
  let bits = 0n;
  let at = 0;
  let startedAt = 0;
  eachField(
    reader,
    (field, _reader, type) => {
      if (field === 1 && type === WireType.Bit64) bits = BigInt.asUintN(64, BigInt(reader.fixed64()));
      else if (field === 2) at = Number(reader.int64());
      else if (field === 3) startedAt = Number(reader.int64());
      else return false;
      return true;
    },
    endOf(reader),
  );
  return {
    at,
    value: toDouble(bits),
    stale: bits === STALE_BITS,
    startedAt: startedAt === 0 ? null : startedAt,
  };
}

const view = new DataView(new ArrayBuffer(8));

function toDouble(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

function labelMap(labels: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  if (labels.length > LABELS_MAX) throw new RangeError(`a series has more than ${LABELS_MAX} labels`);
  return new Map(labels);
}

function requireRoom(series: readonly unknown[]): void {
  if (series.length >= SERIES_MAX) throw new RangeError(`there are more than ${SERIES_MAX} series`);
}

/** What the reader of the wire format finds wrong is a fault of the sender's. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the message cannot be read: ${(error as Error).message.slice(0, 200)}`,
    );
  }
}
