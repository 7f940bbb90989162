import type { Request } from "../ingest/stream.ts";
import { percentile } from "../support/percentile.ts";
import type { Sent } from "./generator-protocol.ts";

/** What became of the requests with one label. */
export class Tally {
  readonly #latencies: number[] = [];
  #snapshots = 0;
  #samples = 0;
  #bytes = 0;
  #unanswered = 0;
  /** Sent again. */
  again = 0;

  answered(request: Request, latencyMs: number): void {
    this.#latencies.push(latencyMs);
    this.#snapshots += request.snapshots;
    this.#samples += request.samples;
    this.#bytes += request.bytes.length;
  }

  /** @param waitedMs so far: its time is at least that */
  unanswered(waitedMs: number): void {
    this.#latencies.push(waitedMs);
    this.#unanswered++;
  }

  sent(): Sent {
    const latencies = this.#latencies;
    return {
      requests: latencies.length,
      snapshots: this.#snapshots,
      samples: this.#samples,
      bytes: this.#bytes,
      p50Ms: percentile(latencies, 0.5),
      p95Ms: percentile(latencies, 0.95),
      p99Ms: percentile(latencies, 0.99),
      maxMs: percentile(latencies, 1),
      again: this.again,
      unanswered: this.#unanswered,
    };
  }
}
