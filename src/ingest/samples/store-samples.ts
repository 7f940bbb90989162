import type { IncomingMessage } from "node:http";
import { SpillwayError } from "../../errors.ts";
import type { SnapshotFault, SnapshotResult } from "../../protocol/answer.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { HostSection, Push } from "../../protocol/message.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { FillRow } from "../../store/fill-snapshots.ts";
import type { TokenActor } from "../../store/tokens.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { type BearerDeps, requireBearer } from "../bearer.ts";
import { allowsHost } from "../host-pattern.ts";
import { type AcceptDeps, planPush, storePush } from "../snapshots/accept.ts";
import type { FillQueue } from "./fill-queue.ts";
import { type SampleSource, sectionsOf } from "./sections.ts";
import type { Senders } from "./senders.ts";
import type { SampleSeries } from "./series.ts";
import { slicesOf } from "./slices.ts";

/** What stores samples needs. */
export interface StoreSamplesDeps extends AcceptDeps {
  readonly fill: FillQueue;
  readonly senders: Senders;
}

/** What takes in samples needs, in whatever protocol they come. */
export interface SamplesDeps extends StoreSamplesDeps, BearerDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** True once the service is stopping: a new request is told to come back. */
  readonly stopping: () => boolean;
}

/** What came of the samples of a request. */
export interface SampleCounts {
  /** Stored, now or before. */
  written: number;
  /** Passed over: metrics that are none of ours, and ends of series. */
  ignored: number;
  rejected: number;
  /** The first reason for which one was rejected. */
  fault: string | null;
}

/**
 * Whether a request may be taken in, before a byte of its body is read.
 *
 * @throws METHOD_NOT_ALLOWED, UNAVAILABLE, OVERLOADED, and what `requireBearer` throws
 */
export async function admitSamples(deps: SamplesDeps, request: IncomingMessage): Promise<TokenActor> {
  if (request.method !== "POST") {
    throw new SpillwayError("METHOD_NOT_ALLOWED", `${request.method} is not allowed here: write with POST`);
  }
  if (deps.stopping()) {
    throw new SpillwayError("UNAVAILABLE", "the service is stopping: try again in a few seconds", {
      details: { retryAfterSeconds: 2 },
    });
  }
  const sender = await requireBearer(deps, request, "ingest");
  if (deps.commit.full || deps.fill.full) {
    throw new SpillwayError("OVERLOADED", "the service has as much waiting as it may: try again", {
      details: { retryAfterSeconds: 1 + Math.floor(Math.random() * 5) },
    });
  }
  return sender;
}

/** What an agent keeps until a person has mended it; a sender of samples would send all of its request again till then. */
const LASTING: ReadonlySet<SnapshotFault> = new Set(["HOST_REFUSED", "KEY_REFUSED", "LIMIT_EXCEEDED"]);

/**
 * Stores samples as snapshots of their hosts, by the same way as those of agents. What is counted is told also where it
 * throws.
 *
 * @param counts grows as it goes on
 * @throws UNAVAILABLE when some could not be stored: all of it is to be sent again, which doubles nothing
 */
export async function storeSamples(
  deps: StoreSamplesDeps,
  sender: TokenActor,
  source: SampleSource,
  series: readonly SampleSeries[],
  counts: SampleCounts,
): Promise<void> {
  const { sections, samples, ignored, rejected, fault } = sectionsOf(series, deps.senders, source, {
    allowsHost: (host) => allowsHost(sender.hostPattern, host),
    latest: deps.now() + LIMITS.futureMs,
  });
  counts.ignored += ignored;
  counts.rejected += rejected;
  counts.fault ??= fault;
  let place = 0;
  let retry: string | null = null;
  for (const slice of slicesOf(sections)) {
    const results = await storeSections(deps, sender, source, slice);
    for (const result of results) {
      const size = samples[place++] ?? 0;
      if (!("code" in result)) counts.written += size;
      else if (result.status === "retry" && !LASTING.has(result.code)) retry ??= result.message;
      else {
        counts.rejected += size;
        counts.fault ??= result.message;
      }
    }
  }
  if (retry !== null) throw new SpillwayError("UNAVAILABLE", retry, { details: { retryAfterSeconds: 5 } });
}

/** As an agent's push; a snapshot that is there with other content is a part of the same reading, and is filled. */
async function storeSections(
  deps: StoreSamplesDeps,
  sender: TokenActor,
  source: SampleSource,
  hosts: readonly HostSection[],
): Promise<SnapshotResult[]> {
  const push: Push = {
    protocol: PROTOCOL_VERSION,
    agent: { version: source, clock: deps.now() },
    hosts,
  };
  const plan = await planPush({ ...deps, newHostLabels: { source } }, sender, push);
  const results = await storePush(deps, plan);
  hosts
    .flatMap(({ snapshots }) => snapshots)
    .forEach(({ layout }, place) => {
      const result = results[place];
      const isUnknown = result !== undefined && "code" in result && result.code === "UNKNOWN_LAYOUT";
      if (result?.status === "stored" || isUnknown) deps.senders.layouts.note(layout, !isUnknown);
    });
  const parts: { place: number; row: FillRow }[] = [];
  results.forEach((result, place) => {
    const slot = plan.slots[place];
    if (slot !== undefined && !("status" in slot) && "code" in result && result.code === "CONFLICT") {
      parts.push({ place, row: slot });
    }
  });
  if (parts.length === 0) return results;
  const outcomes = await deps.fill.submit(parts.map(({ row }) => row));
  parts.forEach(({ place }, index) => {
    const outcome = outcomes[index];
    if (outcome === "filled") results[place] = { status: "stored" };
    else if (outcome === "duplicate") results[place] = { status: "duplicate" };
  });
  return results;
}
