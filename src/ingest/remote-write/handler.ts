import type { IncomingMessage, ServerResponse } from "node:http";
import { asSpillwayError, problemOf, SpillwayError } from "../../errors.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { asUnavailable } from "../../store/errors.ts";
import { receiveBytes } from "../body.ts";
import { setFaultHeaders } from "../fault-headers.ts";
import { admitSamples, type SampleCounts, type SamplesDeps, storeSamples } from "../samples/store-samples.ts";
import { formOf, type RemoteWriteForm } from "./form.ts";
import { decompressBlock } from "./snappy.ts";

/**
 * `POST /api/v1/write`: Prometheus remote write, 1.0 and 2.0, from any sender of it. What comes is snapshots of hosts
 * like those of agents, and goes the same way; nothing is answered before it is committed.
 *
 * 204 when all is stored, also what was before; 400 when something can never be, and the rest is; 5xx calls for all of
 * it again, which doubles nothing. Metrics that are no counters of the catalog are passed over.
 */
export function remoteWriteHandler(deps: SamplesDeps) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let status = 204;
    let text = "";
    const counts: SampleCounts = { written: 0, ignored: 0, rejected: 0, fault: null };
    let form: RemoteWriteForm | null = null;
    try {
      const sender = await admitSamples(deps, request);
      form = formOf(request.headers);
      const block = await receiveBytes(request);
      await storeSamples(
        deps,
        sender,
        "remote_write",
        form.read(decompressBlock(block, LIMITS.decodedBytes)),
        counts,
      );
      if (counts.fault !== null) {
        throw new SpillwayError(
          "BAD_REQUEST",
          `${counts.rejected} samples are not taken, the rest is: ${counts.fault}`,
        );
      }
    } catch (thrown) {
      const error = asSpillwayError(asUnavailable(thrown));
      status = statusOf(error);
      text = `${error.message}\n`;
      if (problemOf(error).status >= 500)
        deps.log.error({ err: error.cause ?? error }, `cannot take a remote write: ${error.message}`);
      setFaultHeaders(response, error);
    }
    deps.metrics.remoteWrites.inc({ status: String(status) });
    if (form?.version === "2.0") {
      // Not with 1.0, whose sender may take them for its own. What is passed over on purpose is settled as well: of what
      // is missing here Prometheus says with each batch that it was lost.
      response.setHeader("X-Prometheus-Remote-Write-Samples-Written", counts.written + counts.ignored);
      response.setHeader("X-Prometheus-Remote-Write-Histograms-Written", 0);
      response.setHeader("X-Prometheus-Remote-Write-Exemplars-Written", 0);
    }
    if (status !== 204) response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.writeHead(status).end(text);
  };
}

/** 503 instead of 429: unless it is told otherwise (`retry_on_http_429`), Prometheus gives up what was answered 429. */
function statusOf(error: SpillwayError): number {
  const { status } = problemOf(error);
  return status === 429 ? 503 : status;
}
