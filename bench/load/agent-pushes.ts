import { gzipSync } from "node:zlib";
import { layoutHash } from "../../src/protocol/layout.ts";
import { COUNTERS } from "../fleet/counters.ts";
import { type FleetOptions, SimulatedHost } from "../fleet/fleet.ts";
import { pushBody, SectionWriter, snapshotText } from "../fleet/push.ts";
import { postRequest, type Target } from "../ingest/post-request.ts";
import { GZIP_LEVEL, type Request } from "../ingest/stream.ts";

const LAYOUT = layoutHash(COUNTERS);
const HEADERS = {
  "content-type": "application/json",
  "content-encoding": "gzip",
  accept: "application/json",
};

/** The pushes of one simulated host's agent, as bytes, ahead of the moments at which they are sent. */
export class AgentPushes {
  readonly #host: SimulatedHost;
  readonly #section: SectionWriter;
  readonly #target: Target;
  #greeted = false;

  constructor(fleet: FleetOptions, index: number, target: Target) {
    this.#host = new SimulatedHost(fleet, index);
    this.#section = new SectionWriter(this.#host.identity);
    this.#target = target;
  }

  /** When the next interval is read, ms since 1970. */
  get at(): number {
    return this.#host.at;
  }

  /** From the next interval on. */
  set everyMs(ms: number) {
    this.#host.everyMs = ms;
  }

  /** Leaves out what would have been read before a moment. */
  skipTo(ms: number): void {
    while (this.#host.at < ms) this.#host.advance();
  }

  /** The next intervals, all in one push. */
  next(intervals = 1): Request {
    const texts: string[] = [];
    let clockMs = 0;
    for (let interval = 0; interval < intervals; interval++) {
      const { at, identity, everyMs, values } = this.#host;
      clockMs = at;
      const uptimeMs = at - identity.bootedMs;
      texts.push(
        snapshotText({ at, uptimeMs, everyMs, layout: LAYOUT, values, namespace: null, fromZero: false }),
      );
      this.#host.advance();
    }
    const section = this.#section.section(texts, {
      layouts: this.#greeted ? [] : [COUNTERS],
      namespaces: [],
    });
    this.#greeted = true;
    const body = gzipSync(pushBody([section], clockMs), { level: GZIP_LEVEL });
    return {
      bytes: postRequest(this.#target, HEADERS, body),
      bodyBytes: body.length,
      snapshots: intervals,
      samples: intervals * COUNTERS.length,
    };
  }
}
