import type { IncomingMessage, ServerResponse } from "node:http";
import { asSpillwayError, problemOf, SpillwayError } from "../../errors.ts";
import type { SnapshotResult } from "../../protocol/answer.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { HostSection, Push } from "../../protocol/message.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { PrismaClient } from "../../store/client.ts";
import { asUnavailable } from "../../store/errors.ts";
import { type FillRow, fillSnapshots } from "../../store/fill-snapshots.ts";
import type { TokenActor } from "../../store/tokens.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { type BearerDeps, requireBearer } from "../bearer.ts";
import { receiveBytes } from "../body.ts";
import { type AcceptDeps, planPush, storePush } from "../snapshots/accept.ts";
import { formOf, type RemoteWriteForm } from "./form.ts";
import { sectionsOf } from "./sections.ts";
import type { Senders } from "./senders.ts";
import { decompressBlock } from "./snappy.ts";

export interface RemoteWriteDeps extends AcceptDeps, BearerDeps {
  readonly db: PrismaClient;
  readonly senders: Senders;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** True once the service is stopping: a new request is told to come back. */
  readonly stopping: () => boolean;
}

/** Hosts that are taken in at once: no more than a push of an agent may have. */
const HOSTS_AT_ONCE = 500;

/** What came of a request. */
interface Counts {
  /** Samples that are stored, now or before. */
  written: number;
  rejected: number;
  /** The first reason for which one was rejected. */
  fault: string | null;
  /** The service could not store something: all of it is to be sent again. */
  retry: string | null;
}

/**
 * `POST /api/v1/write`: Prometheus remote write, 1.0 and 2.0, from any sender of it. What comes is snapshots of hosts
 * like those of agents, and goes the same way; nothing is answered before it is committed.
 *
 * 204 when all is stored, also what was before; 400 when something can never be, and the rest is; 5xx and 429 call for
 * all of it again, which doubles nothing. Metrics that are no counters of the catalog are passed over.
 */
export function remoteWriteHandler(deps: RemoteWriteDeps) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let status = 204;
    let text = "";
    const counts: Counts = { written: 0, rejected: 0, fault: null, retry: null };
    try {
      await handle(deps, request, counts);
      if (counts.retry !== null)
        throw new SpillwayError("UNAVAILABLE", counts.retry, { details: { retryAfterSeconds: 5 } });
      if (counts.fault !== null) {
        throw new SpillwayError(
          "BAD_REQUEST",
          `${counts.rejected} samples are not taken, the rest is: ${counts.fault}`,
        );
      }
    } catch (thrown) {
      const error = asSpillwayError(asUnavailable(thrown));
      status = problemOf(error).status;
      text = `${error.message}\n`;
      if (status >= 500)
        deps.log.error({ err: error.cause ?? error }, `cannot take a remote write: ${error.message}`);
      if (error.code === "UNAUTHENTICATED") response.setHeader("WWW-Authenticate", "Bearer");
      if (error.code === "METHOD_NOT_ALLOWED") response.setHeader("Allow", "POST");
      const { retryAfterSeconds } = error.details;
      if (retryAfterSeconds !== undefined) response.setHeader("Retry-After", retryAfterSeconds);
    }
    deps.metrics.remoteWrites.inc({ status: String(status) });
    response.setHeader("X-Prometheus-Remote-Write-Samples-Written", counts.written);
    response.setHeader("X-Prometheus-Remote-Write-Histograms-Written", 0);
    response.setHeader("X-Prometheus-Remote-Write-Exemplars-Written", 0);
    if (status !== 204) response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.writeHead(status).end(text);
  };
}

async function handle(deps: RemoteWriteDeps, request: IncomingMessage, counts: Counts): Promise<void> {
  if (request.method !== "POST") {
    throw new SpillwayError("METHOD_NOT_ALLOWED", `${request.method} is not allowed here: write with POST`);
  }
  if (deps.stopping()) {
    throw new SpillwayError("UNAVAILABLE", "the service is stopping: try again in a few seconds", {
      details: { retryAfterSeconds: 2 },
    });
  }
  const sender = await requireBearer(deps, request, "ingest");
  if (deps.commit.full) {
    throw new SpillwayError("OVERLOADED", "the service has as much waiting as it may: try again", {
      details: { retryAfterSeconds: 1 + Math.floor(Math.random() * 5) },
    });
  }
  const form = formOf(request.headers);
  await store(deps, sender, form, await receiveBytes(request), counts);
}

async function store(
  deps: RemoteWriteDeps,
  sender: TokenActor,
  form: RemoteWriteForm,
  body: Buffer,
  counts: Counts,
): Promise<void> {
  const series = form.read(decompressBlock(body, LIMITS.decodedBytes));
  const { sections, samples, rejected, fault } = sectionsOf(series, deps.senders);
  counts.rejected = rejected;
  counts.fault = fault;
  let place = 0;
  for (let from = 0; from < sections.length; from += HOSTS_AT_ONCE) {
    const results = await storeSections(deps, sender, sections.slice(from, from + HOSTS_AT_ONCE));
    for (const result of results) count(counts, result, samples[place++] ?? 0);
  }
}

function count(counts: Counts, result: SnapshotResult, samples: number): void {
  if (!("code" in result)) counts.written += samples;
  else if (result.status === "retry" && result.code !== "HOST_REFUSED") counts.retry ??= result.message;
  else {
    counts.rejected += samples;
    counts.fault ??= result.message;
  }
}

/** As an agent's push; a snapshot that is there with other content is a part of the same reading, and is filled. */
async function storeSections(
  deps: RemoteWriteDeps,
  sender: TokenActor,
  hosts: readonly HostSection[],
): Promise<SnapshotResult[]> {
  const push: Push = {
    protocol: PROTOCOL_VERSION,
    agent: { version: "remote-write", clock: deps.now() },
    hosts,
  };
  const plan = await planPush(deps, sender, push);
  const results = await storePush(deps, plan);
  const parts: { place: number; row: FillRow }[] = [];
  results.forEach((result, place) => {
    const slot = plan.slots[place];
    if (slot !== undefined && !("status" in slot) && "code" in result && result.code === "CONFLICT") {
      parts.push({ place, row: slot });
    }
  });
  if (parts.length === 0) return results;
  const outcomes = await fillSnapshots(
    deps.db,
    parts.map(({ row }) => row),
  );
  parts.forEach(({ place }, index) => {
    const outcome = outcomes[index];
    if (outcome === "filled") results[place] = { status: "stored" };
    else if (outcome === "duplicate") results[place] = { status: "duplicate" };
  });
  return results;
}
