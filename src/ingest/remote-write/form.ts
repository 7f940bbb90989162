import type { IncomingHttpHeaders } from "node:http";
import { SpillwayError } from "../../errors.ts";
import type { SampleSeries } from "../samples/series.ts";
import { readRequestV2, readWriteRequest } from "./message.ts";

/** A version of the protocol. */
export interface RemoteWriteForm {
  readonly version: "1.0" | "2.0";
  /** @throws BAD_REQUEST for what is no message of it */
  read(bytes: Uint8Array): SampleSeries[];
}

const FORMS: Readonly<Record<string, RemoteWriteForm>> = {
  "prometheus.WriteRequest": { version: "1.0", read: readWriteRequest },
  "io.prometheus.write.v2.Request": { version: "2.0", read: readRequestV2 },
};

/**
 * Which version a request is of: its content type says so, and nothing else counts.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE, which has a sender of 2.0 fall back to 1.0, also for another compression
 */
export function formOf(headers: IncomingHttpHeaders): RemoteWriteForm {
  const type = headers["content-type"] ?? "";
  const [, parameters] = /^application\/x-protobuf\s*(;.*)?$/i.exec(type.trim()) ?? [type, null];
  const proto = /;\s*proto=([^;\s]*)/i.exec(parameters ?? "")?.[1] ?? "prometheus.WriteRequest";
  const form = parameters === null ? undefined : FORMS[proto];
  if (form === undefined) {
    throw new SpillwayError(
      "UNSUPPORTED_MEDIA_TYPE",
      `content-type "${type.slice(0, 100)}" is not supported: send application/x-protobuf, for remote write 2.0 with proto=io.prometheus.write.v2.Request`,
    );
  }
  const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase();
  if (encoding === "snappy") return form;
  throw new SpillwayError(
    "UNSUPPORTED_MEDIA_TYPE",
    `content-encoding "${encoding.slice(0, 50)}" is not supported: remote write is compressed by snappy`,
  );
}
