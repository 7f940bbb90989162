import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { SpillwayError } from "../../errors.ts";
import { eachField, RequestReader } from "../samples/wire.ts";
import type { Attribute } from "./labels.ts";
import type { NumberPoint, OtlpMetric, OtlpResource } from "./request.ts";

const DELTA = 1;
/** Bit 0 of a point's flags: no value was recorded. */
const NO_RECORDED_VALUE = 1;

/**
 * The resources of an `ExportMetricsServiceRequest` in protobuf; fields that are not known are passed over.
 *
 * @throws BAD_REQUEST for what is no such message, PAYLOAD_TOO_LARGE for one that lists too much
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 */
export function readProtobuf(bytes: Uint8Array): OtlpResource[] {
  try {
    const resources: OtlpResource[] = [];
    eachField(new RequestReader(bytes), (field, reader) => {
      if (field !== 1) return false;
      resources.push(readResourceMetrics(reader));
      return true;
    });
    return resources;
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    throw new SpillwayError(
      "BAD_REQUEST",
      `the message cannot be read: ${(error as Error).message.slice(0, 200)}`,
    );
  }
}

function readResourceMetrics(reader: RequestReader): OtlpResource {
  const attributes: Attribute[] = [];
  const metrics: OtlpMetric[] = [];
  within(reader, (field) => {
    if (field === 1) {
      within(reader, (own) => own === 1 && add(attributes, readAttribute(reader)));
    } else if (field === 2) {
      within(reader, (own) => own === 2 && add(metrics, [readMetric(reader)]));
    } else return false;
    return true;
  });
  return { attributes, metrics };
}

function readMetric(reader: RequestReader): OtlpMetric {
  let name = "";
  let delta = false;
  let others = 0;
  const points: NumberPoint[] = [];
  within(reader, (field) => {
    if (field === 1) name = reader.string();
    else if (field === 5 || field === 7) {
      within(reader, (own) => {
        if (own === 1) points.push(readPoint(reader));
        else if (own === 2 && field === 7) delta = reader.int32() === DELTA;
        else return false;
        return true;
      });
    } else if (field >= 9 && field <= 11) {
      within(reader, (own) => {
        if (own === 1) others++;
        return false;
      });
    } else return false;
    return true;
  });
  return { name, delta, points, others };
}

function readPoint(reader: RequestReader): NumberPoint {
  const attributes: Attribute[] = [];
  let [startedAt, at] = [0n, 0n];
  let value: number | bigint = 0n;
  let none = false;
  within(reader, (field, type) => {
    if (field === 2 && type === WireType.Bit64) startedAt = BigInt(reader.fixed64());
    else if (field === 3 && type === WireType.Bit64) at = BigInt(reader.fixed64());
    else if (field === 4 && type === WireType.Bit64) value = reader.double();
    else if (field === 6 && type === WireType.Bit64) value = BigInt(reader.sfixed64());
    else if (field === 7) add(attributes, readAttribute(reader));
    else if (field === 8) none = (reader.uint32() & NO_RECORDED_VALUE) !== 0;
    else return false;
    return true;
  });
  return { attributes, startedAt, at, value, none };
}

/** None for a value that is a list or bytes, which no label can have. */
function readAttribute(reader: RequestReader): Attribute[] {
  let key = "";
  let value: string | null = null;
  within(reader, (field) => {
    if (field === 1) key = reader.string();
    else if (field === 2) {
      within(reader, (kind, type) => {
        if (kind === 1) value = reader.string();
        else if (kind === 2) value = String(reader.bool());
        else if (kind === 3) value = String(reader.int64());
        else if (kind === 4 && type === WireType.Bit64) value = String(reader.double());
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  return value === null ? [] : [[key, value]];
}

function within(reader: RequestReader, take: (field: number, type: WireType) => boolean): void {
  eachField(reader, (field, _reader, type) => take(field, type), reader.end());
}

function add<T>(list: T[], more: readonly T[]): true {
  list.push(...more);
  return true;
}

/** An `ExportMetricsServiceResponse`. */
export function writeResponse(rejected: number, message: string): Uint8Array {
  const writer = new BinaryWriter();
  if (rejected === 0 && message === "") return writer.finish();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(rejected);
  return writer.tag(2, WireType.LengthDelimited).string(message).join().finish();
}

/** A `google.rpc.Status`. */
export function writeStatus(code: number, message: string): Uint8Array {
  const writer = new BinaryWriter();
  return writer.tag(1, WireType.Varint).int32(code).tag(2, WireType.LengthDelimited).string(message).finish();
}
