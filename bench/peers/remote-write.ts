/**
 * Bodies of Prometheus' remote write 1.0: a protobuf WriteRequest, compressed with snappy. One sample for each
 * of a host's counters, under the names that node_exporter gives them.
 */
import { snappy } from "./snappy.ts";

/** Labels of a series besides its name. */
export type SeriesLabels = Readonly<Record<string, string>>;

/** The name that node_exporter gives a counter: `TcpExtListenDrops` is node_netstat_TcpExt_ListenDrops. */
export function metricName(counter: string): string {
  const group = counter.startsWith("TcpExt") ? "TcpExt" : "Tcp";
  return `node_netstat_${group}_${counter.slice(group.length)}`;
}

const SAMPLE_BYTES = 16;

/** Writes the samples of one set of series again and again; what does not change is encoded once. */
export class SeriesWriter {
  readonly #template: Buffer;
  readonly #samples: readonly number[];

  constructor(counters: readonly string[], labels: SeriesLabels) {
    const parts: Buffer[] = [];
    const samples: number[] = [];
    let length = 0;
    for (const counter of counters) {
      const own = Object.entries({ __name__: metricName(counter), ...labels }).sort(([a], [b]) =>
        a < b ? -1 : 1,
      );
      const encoded = Buffer.concat(
        own.map(([name, value]) =>
          field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
        ),
      );
      // TimeSeries { labels = 1, samples = 2 } within WriteRequest { timeseries = 1 }.
      const body = Buffer.concat([encoded, Buffer.from([0x12, SAMPLE_BYTES]), Buffer.alloc(SAMPLE_BYTES)]);
      const series = field(1, body);
      parts.push(series);
      length += series.length;
      samples.push(length - SAMPLE_BYTES);
    }
    this.#template = Buffer.concat(parts);
    this.#samples = samples;
  }

  /** The encoded series, each with one sample, as a part of a WriteRequest. */
  write(values: ArrayLike<number>, atMs: number): Buffer {
    const bytes = Buffer.from(this.#template);
    const time = timestamp(atMs);
    this.#samples.forEach((offset, place) => {
      // Sample { double value = 1; int64 timestamp = 2 }
      bytes[offset] = 0x09;
      bytes.writeDoubleLE(values[place] ?? 0, offset + 1);
      bytes[offset + 9] = 0x10;
      time.copy(bytes, offset + 10);
    });
    return bytes;
  }

  /** The same, one by one. */
  writeEach(values: ArrayLike<number>, atMs: number): Buffer[] {
    const bytes = this.write(values, atMs);
    return this.#samples.map((offset, place) =>
      bytes.subarray(place === 0 ? 0 : (this.#samples[place - 1] ?? 0) + SAMPLE_BYTES, offset + SAMPLE_BYTES),
    );
  }
}

export function writeRequest(parts: readonly Buffer[]): Buffer {
  return snappy(Buffer.concat(parts));
}

/** Six bytes of varint: any time from 1970 plus 400 days to the year 2109. */
function timestamp(atMs: number): Buffer {
  const bytes = varint(atMs);
  if (bytes.length !== SAMPLE_BYTES - 10)
    throw new RangeError(`cannot write the time ${atMs}: not of our days`);
  return bytes;
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
