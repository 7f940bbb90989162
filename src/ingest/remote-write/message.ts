import { WireType } from "@bufbuild/protobuf/wire";
import { SpillwayError } from "../../errors.ts";
import type { SampleSeries, SentSample } from "../samples/series.ts";
import { eachField, RequestReader } from "../samples/wire.ts";
import { addLabel, LabelSets, readLabel, type SentLabel } from "./labels.ts";

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
    const sets = new LabelSets();
    eachField(new RequestReader(bytes), (field, reader) => {
      if (field !== 1) return false;
      series.push(readSeries(reader, sets));
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
    const sets = new LabelSets();
    eachField(new RequestReader(bytes), (field, reader) => {
      if (field !== 5) return false;
      series.push(readSeriesV2(reader, symbols, sets));
      return true;
    });
    return series;
  });
}

function readSeries(reader: RequestReader, sets: LabelSets): SampleSeries {
  const end = reader.end();
  const start = reader.pos;
  let known = sets.again(reader, end);
  if (known !== null) {
    const one = onlySample(reader, end);
    if (one !== null) return { metric: known.metric, labels: known.labels, samples: [one], others: 0 };
  }
  const own: SentLabel[] = [];
  const samples: SentSample[] = [];
  let others = 0;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 2) samples.push(readSample(reader));
    else if (field === 1 && known !== null) {
      // A label behind the samples: all of them are read after all.
      known = null;
      samples.length = 0;
      others = 0;
      reader.pos = start;
    } else if (field === 1) addLabel(own, readLabel(reader));
    else {
      if (field === 3 || field === 4) others++;
      reader.skip(type, field);
    }
  }
  if (reader.pos > end) throw new RangeError("a series ends within a field");
  const { metric, labels } = known ?? sets.ofMessage(own, start);
  return { metric, labels, samples, others };
}

function readSeriesV2(reader: RequestReader, symbols: readonly string[], sets: LabelSets): SampleSeries {
  const own: SentLabel[] = [];
  const samples: SentSample[] = [];
  let others = 0;
  let name: number | null = null;
  const refer = (place: number) => {
    if (name === null) {
      name = place;
      return;
    }
    const before = sets.before(own.length);
    addLabel(own, before?.from === name && before.to === place ? before : labelOf(symbols, name, place));
    name = null;
  };
  eachField(
    reader,
    (field, _reader, type) => {
      if (field === 1 && type === WireType.LengthDelimited) {
        for (const end = reader.end(); reader.pos < end; ) refer(reader.uint32());
      } else if (field === 1) refer(reader.uint32());
      else if (field === 2) samples.push(readSample(reader));
      else {
        if (field === 3 || field === 4) others++;
        return false;
      }
      return true;
    },
    reader.end(),
  );
  if (name !== null) throw new RangeError("a label has a name and no value");
  const { metric, labels } = sets.of(own);
  return { metric, labels, samples, others };
}

function labelOf(symbols: readonly string[], from: number, to: number): SentLabel {
  const [name, value] = [symbols[from], symbols[to]];
  if (name === undefined || value === undefined)
    throw new RangeError("a label is not in the table of symbols");
  return { name, value, from, to };
}

/** How a sample begins that is shorter than 128 bytes, and its fields in the order in which senders write them. */
const SAMPLE_TAG = 0x12;
const VALUE_TAG = 0x09;
const TIME_TAG = 0x10;

/**
 * The sample of a series of 1.0 that has one and nothing behind it, in the form in which senders write it: a value
 * unless it is 0, and its time.
 *
 * @returns null, and has read nothing, for any other form
 */
function onlySample(reader: RequestReader, end: number): SentSample | null {
  const { body, pos } = reader;
  if (body[pos] !== SAMPLE_TAG || pos + 2 + (body[pos + 1] as number) !== end) return null;
  const hasValue = body[pos + 2] === VALUE_TAG;
  const timeAt = pos + (hasValue ? 11 : 2);
  if (timeAt >= end || body[timeAt] !== TIME_TAG) return null;
  reader.pos = timeAt + 1;
  const at = reader.whole();
  if (reader.pos !== end) {
    reader.pos = pos;
    return null;
  }
  reader.part();
  const value = hasValue ? reader.doubleAt(pos + 3) : 0;
  return { at, value, stale: Number.isNaN(value) && isStale(body, pos + 3), startedAt: null };
}

function readSample(reader: RequestReader): SentSample {
  const end = reader.end();
  let value = 0;
  let at = 0;
  let startedAt = 0;
  let stale = false;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Bit64) {
      value = reader.double();
      stale = Number.isNaN(value) && isStale(reader.body, reader.pos - 8);
    } else if (field === 2) at = reader.whole();
    else if (field === 3) startedAt = reader.whole();
    else reader.skip(type, field);
  }
  if (reader.pos > end) throw new RangeError("a sample ends within a field");
  return { at, value, stale, startedAt: startedAt === 0 ? null : startedAt };
}

function isStale(body: Buffer, place: number): boolean {
  return body.readBigUInt64LE(place) === STALE_BITS;
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
