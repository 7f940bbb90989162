/** OTLP as a sender would write it, in both encodings. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export interface SentPoint {
  readonly at: number;
  readonly value: number | bigint;
  readonly startedAt?: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface SentMetric {
  readonly name: string;
  readonly points: readonly SentPoint[];
  readonly kind?: "gauge" | "sum" | "delta" | "histogram";
}

export interface SentResource {
  readonly attributes: Readonly<Record<string, string>>;
  readonly metrics: readonly SentMetric[];
}

const ns = (ms: number) => String(BigInt(ms) * 1_000_000n);

/** 64-bit integers as decimal strings. */
export function otlpJson(resources: readonly SentResource[]): string {
  const attributesOf = (own: Readonly<Record<string, string>>) =>
    Object.entries(own).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  return JSON.stringify({
    resourceMetrics: resources.map(({ attributes, metrics }) => ({
      resource: { attributes: attributesOf(attributes) },
      scopeMetrics: [
        {
          scope: { name: "test" },
          metrics: metrics.map(({ name, points, kind = "sum" }) => {
            const dataPoints = points.map((point) => ({
              attributes: attributesOf(point.attributes ?? {}),
              timeUnixNano: ns(point.at),
              ...(point.startedAt === undefined ? {} : { startTimeUnixNano: ns(point.startedAt) }),
              ...(typeof point.value === "bigint"
                ? { asInt: String(point.value) }
                : { asDouble: point.value }),
            }));
            if (kind === "gauge" || kind === "histogram") return { name, [kind]: { dataPoints } };
            const aggregationTemporality = kind === "delta" ? 1 : 2;
            return { name, sum: { dataPoints, aggregationTemporality, isMonotonic: true } };
          }),
        },
      ],
    })),
  });
}

export function otlpProtobuf(resources: readonly SentResource[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { attributes, metrics } of resources) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).fork();
    writeAttributes(writer, 1, attributes);
    writer.join();
    writer.tag(2, WireType.LengthDelimited).fork();
    for (const metric of metrics) writeMetric(writer, metric);
    writer.join().join();
  }
  return writer.finish();
}

function writeMetric(writer: BinaryWriter, { name, points, kind = "sum" }: SentMetric): void {
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(name);
  const field = kind === "gauge" ? 5 : kind === "histogram" ? 9 : 7;
  writer.tag(field, WireType.LengthDelimited).fork();
  for (const { at, value, startedAt, attributes = {} } of points) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (startedAt !== undefined) writer.tag(2, WireType.Bit64).fixed64(ns(startedAt));
    writer.tag(3, WireType.Bit64).fixed64(ns(at));
    if (typeof value === "bigint") writer.tag(6, WireType.Bit64).sfixed64(String(value));
    else writer.tag(4, WireType.Bit64).double(value);
    writeAttributes(writer, 7, attributes);
    writer.join();
  }
  if (field === 7) writer.tag(2, WireType.Varint).int32(kind === "delta" ? 1 : 2);
  writer.join().join();
}

function writeAttributes(
  writer: BinaryWriter,
  field: number,
  attributes: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.tag(field, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writer
      .tag(2, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string(value)
      .join()
      .join();
  }
}
