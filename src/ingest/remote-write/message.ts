import { WireType } from "@bufbuild/protobuf/wire";
import { SpillwayError } from "../../errors.ts";
import type { SampleSeries, SentSample } from "../samples/series.ts";
import { eachField, RequestReader } from "../samples/wire.ts";

/** Labels of a series at most. */
const LABELS_MAX = 100;
/** A NaN that says that a series has ended: told by its bits, since no NaN equals another. */
const STALE_BITS = 0x7ff0000000000002n;

/**
 * The series of a `prometheus.WriteRequest`, remote write 1.0; fields that are not known are passed over.
 *
 * @throws BAD_REQUEST for what is no such message, PAYLOAD_TOO_LARGE for one that lists too much
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export function readWriteRequest(bytes: Uint8Array): SampleSeries[] {
  return reading(() => {
    const series: SampleSeries[] = [];
    eachField(new RequestReader(bytes), (field, reader) => {
      if (field !== 1) return false;
      series.push(readSeries(reader, readLabel));
      return true;
    });
    return series;
  });
}

/**
 * The series of an `io.prometheus.write.v2.Request`, remote write 2.0: its labels are places in a table of texts.
 *
 * @throws BAD_REQUEST for what is no such message, PAYLOAD_TOO_LARGE for one that lists too much
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 */
export function readRequestV2(bytes: Uint8Array): SampleSeries[] {
  return reading(() => {
    const symbols: string[] = [];
    // The table may come after what refers to it.
    eachField(new RequestReader(bytes), (field, reader) => {
      if (field !== 4) return false;
      reader.part();
      symbols.push(reader.string());
      return true;
    });
    const series: SampleSeries[] = [];
    eachField(new RequestReader(bytes), (field, reader) => {
      if (field !== 5) return false;
      series.push(readSeriesV2(reader, symbols));
      return true;
    });
    return series;
  });
}

function readSeries(
  reader: RequestReader,
  readLabel: (reader: RequestReader) => readonly [string, string],
): SampleSeries {
  const labels: (readonly [string, string])[] = [];
  const samples: SentSample[] = [];
  let others = 0;
  eachField(
    reader,
    (field) => {
      if (field === 1) addTo(labels, readLabel(reader), LABELS_MAX);
      else if (field === 2) samples.push(readSample(reader));
      else {
        if (field === 3 || field === 4) others++;
        return false;
      }
      return true;
    },
    reader.end(),
  );
  return { labels: new Map(labels), samples, others };
}

function readSeriesV2(reader: RequestReader, symbols: readonly string[]): SampleSeries {
  const references: number[] = [];
  const samples: SentSample[] = [];
  let others = 0;
  eachField(
    reader,
    (field, _reader, type) => {
      if (field === 1 && type === WireType.LengthDelimited) {
        for (const end = reader.end(); reader.pos < end; ) addTo(references, reader.uint32(), 2 * LABELS_MAX);
      } else if (field === 1) addTo(references, reader.uint32(), 2 * LABELS_MAX);
      else if (field === 2) samples.push(readSample(reader));
      else {
        if (field === 3 || field === 4) others++;
        return false;
      }
      return true;
    },
    reader.end(),
  );
  if (references.length % 2 !== 0) throw new RangeError("a label has a name and no value");
  const labels = Array.from({ length: references.length / 2 }, (_, index) => {
    const name = symbols[references[2 * index] ?? -1];
    const value = symbols[references[2 * index + 1] ?? -1];
    if (name === undefined || value === undefined)
      throw new RangeError("a label is not in the table of symbols");
    return [name, value] as const;
  });
  return { labels: new Map(labels), samples, others };
}

function readLabel(reader: RequestReader): readonly [string, string] {
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
    reader.end(),
  );
  return [name, value];
}

function readSample(reader: RequestReader): SentSample {
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
    reader.end(),
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

function addTo<T>(list: T[], one: T, most: number): void {
  if (list.length === most) throw new RangeError(`a series has more than ${LABELS_MAX} labels`);
  list.push(one);
}

/** What the reader of the wire format finds wrong is a fault of the sender's. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    throw new SpillwayError(
      "BAD_REQUEST",
      `the message cannot be read: ${(error as Error).message.slice(0, 200)}`,
    );
  }
}
