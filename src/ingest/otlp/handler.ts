import type { IncomingMessage, ServerResponse } from "node:http";
import { asSpillwayError, type ErrorCode, problemOf, SpillwayError } from "../../errors.ts";
import { asUnavailable } from "../../store/errors.ts";
import { decodeBody, receiveBody } from "../body.ts";
import { setFaultHeaders } from "../fault-headers.ts";
import { admitSamples, type SampleCounts, type SamplesDeps, storeSamples } from "../samples/store-samples.ts";
import { readJson } from "./json.ts";
import { readProtobuf, writeResponse, writeStatus } from "./protobuf.ts";
import { seriesOf } from "./request.ts";

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

/** The codes of gRPC by which a `google.rpc.Status` names faults. */
const CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  BAD_REQUEST: 3,
  UNSUPPORTED_MEDIA_TYPE: 3,
  METHOD_NOT_ALLOWED: 12,
  FORBIDDEN: 7,
  PAYLOAD_TOO_LARGE: 8,
  OVERLOADED: 8,
  RATE_LIMITED: 8,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};
const INTERNAL = 13;

/**
 * `POST /v1/metrics`: OTLP over HTTP, in protobuf and JSON; answered in the same encoding. What comes is snapshots of
 * hosts like those of agents, and goes the same way; nothing is answered before it is committed.
 *
 * 200 when all is stored, with `partialSuccess` when something can never be; 503 and 429 call for all of it again, and
 * are the only faults that a sender tries again: a database that does not answer is one of them.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function otlpHandler(deps: SamplesDeps) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const json = isJson(request);
    let status = 200;
    let body: string | Uint8Array;
    try {
      const counts = await handle(deps, request, json);
      const message = counts.fault ?? "";
      body = json
        ? JSON.stringify(
            counts.rejected === 0
              ? {}
              : { partialSuccess: { rejectedDataPoints: String(counts.rejected), errorMessage: message } },
          )
        : writeResponse(counts.rejected, message);
    } catch (thrown) {
      const error = asSpillwayError(asUnavailable(thrown));
      status = problemOf(error).status;
      if (status >= 500)
        deps.log.error({ err: error.cause ?? error }, `cannot take metrics of OTLP: ${error.message}`);
      setFaultHeaders(response, error);
      const code = CODES[error.code] ?? INTERNAL;
      body = json ? JSON.stringify({ code, message: error.message }) : writeStatus(code, error.message);
    }
    deps.metrics.otlpRequests.inc({ status: String(status) });
    response.setHeader("Content-Type", json ? JSON_TYPE : PROTOBUF);
    response.writeHead(status).end(body);
  };
}

async function handle(deps: SamplesDeps, request: IncomingMessage, json: boolean): Promise<SampleCounts> {
  const sender = await admitSamples(deps, request);
  if (!json && !isOf(request, PROTOBUF)) {
    const type = (request.headers["content-type"] ?? "").slice(0, 100);
    throw new SpillwayError(
      "UNSUPPORTED_MEDIA_TYPE",
      `content-type "${type}" is not supported: send ${PROTOBUF} or ${JSON_TYPE}`,
    );
  }
  const body = await decodeBody(await receiveBody(request));
  const { series, deltas, fault } = seriesOf(json ? readJson(body) : readProtobuf(body));
  const counts: SampleCounts = { written: 0, ignored: 0, rejected: deltas, fault };
  await storeSamples(deps, sender, "otlp", series, counts);
  return counts;
}

function isJson(request: IncomingMessage): boolean {
  return isOf(request, JSON_TYPE);
}

function isOf(request: IncomingMessage, type: string): boolean {
  return (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() === type;
}
