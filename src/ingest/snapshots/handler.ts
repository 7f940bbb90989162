import type { IncomingMessage, ServerResponse } from "node:http";
import { asSpillwayError, problemOf, SpillwayError } from "../../errors.ts";
import type { AgentConfig, PushAnswer, SnapshotResult } from "../../protocol/answer.ts";
import { asUnavailable } from "../../store/errors.ts";
import type { TokenActor } from "../../store/tokens.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Admission } from "../admission.ts";
import { type BearerDeps, requireBearer } from "../bearer.ts";
import { decodeBody, receiveBody, type SentBody } from "../body.ts";
import { setFaultHeaders } from "../fault-headers.ts";
import type { Registry } from "../registry.ts";
import { type AcceptDeps, type PushPlan, planPush, storePush } from "./accept.ts";

export interface SnapshotsDeps extends AcceptDeps, BearerDeps {
  readonly admission: Admission;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly agentConfig: AgentConfig;
  /** True once the service is stopping: a new push is told to come back. */
  readonly stopping: () => boolean;
}

/**
 * `POST /v1/snapshots`, on the bare HTTP server: authenticate, read, decode, accept, answer.
 *
 * The status tells an agent what to do with its spool (docs/protocol.md): 200 carries a result for each
 * snapshot, and is sent after the commit; 401 and 403 wait for a person; 400 and 413 call for smaller
 * parts; 429 and 503 for patience. The caller is known before a byte of the body is read.
 */
export function snapshotsHandler(deps: SnapshotsDeps) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let status = 200;
    try {
      const results = await handle(deps, request);
      countResults(deps.metrics, results);
      const answer: PushAnswer = { time: deps.now(), results, config: deps.agentConfig };
      send(response, 200, "application/json", JSON.stringify(answer));
    } catch (thrown) {
      const error = asSpillwayError(asUnavailable(thrown));
      const problem = problemOf(error);
      status = problem.status;
      if (status >= 500)
        deps.log.error({ err: error.cause ?? error }, `cannot take a push: ${error.message}`);
      setFaultHeaders(response, error);
      send(response, status, "application/problem+json", JSON.stringify(problem));
    } finally {
      deps.metrics.ingestPushes.inc({ status: String(status) });
    }
  };
}

/** One addition for all that were stored, which nearly always are all. */
function countResults({ ingestSnapshots }: Metrics, results: readonly SnapshotResult[]): void {
  let stored = 0;
  for (const result of results) {
    if (result.status === "stored") stored++;
    else ingestSnapshots.inc({ result: result.status, code: "code" in result ? result.code : "" });
  }
  if (stored > 0) ingestSnapshots.inc({ result: "stored", code: "" }, stored);
}

async function handle(deps: SnapshotsDeps, request: IncomingMessage): Promise<SnapshotResult[]> {
  if (request.method !== "POST") {
    throw new SpillwayError("METHOD_NOT_ALLOWED", `${request.method} is not allowed here: push with POST`);
  }
  if (deps.stopping()) {
    throw new SpillwayError("UNAVAILABLE", "the service is stopping: try again in a few seconds", {
      details: { retryAfterSeconds: 2 },
    });
  }
  const sender = await requireBearer(deps, request, "ingest");
  if (deps.commit.full || deps.admission.full) {
    throw new SpillwayError("OVERLOADED", "the service has as many pushes waiting as it may: try again", {
      details: { retryAfterSeconds: 1 + Math.floor(Math.random() * 5) },
    });
  }
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json *(;|$)/i.test(type)) {
    throw new SpillwayError(
      "UNSUPPORTED_MEDIA_TYPE",
      `content-type "${type.slice(0, 50)}" is not supported: send application/json`,
    );
  }
  const body = await receiveBody(request);
  const plan = (await planKnown(deps, sender, body)) ?? (await planInTurn(deps, sender, request, body));
  return storePush(deps, plan);
}

/** A push of hosts that are known, which waits for nobody; null for any other, of which nothing is held but its bytes. */
async function planKnown(deps: SnapshotsDeps, sender: TokenActor, body: SentBody): Promise<PushPlan | null> {
  const push = parseJson(await decodeBody(body));
  return isOfKnownHosts(push, deps.registry) ? planPush(deps, sender, push) : null;
}

/** A push of hosts that are new, each of which waits for the database several times: see Admission. */
async function planInTurn(
  deps: SnapshotsDeps,
  sender: TokenActor,
  request: IncomingMessage,
  body: SentBody,
): Promise<PushPlan> {
  const { admission, metrics } = deps;
  const planned = admission.run(body.bytes.length, async () => {
    if (request.socket.destroyed) {
      throw new SpillwayError("BAD_REQUEST", "the connection ended before the push had its turn");
    }
    return planPush(deps, sender, parseJson(await decodeBody(body)));
  });
  metrics.ingestWaitingPushes.set(admission.waiting);
  return planned;
}

function isOfKnownHosts(push: unknown, registry: Registry): boolean {
  const hosts = typeof push === "object" && push !== null && "hosts" in push ? push.hosts : null;
  return (
    Array.isArray(hosts) &&
    hosts.every((host: { readonly id?: unknown } | null) => registry.knows(String(host?.id)))
  );
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new SpillwayError("BAD_REQUEST", `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
