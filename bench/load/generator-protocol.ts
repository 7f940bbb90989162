/** What the load generator, a process of its own, is told and answers. */
import type { FleetOptions } from "../fleet/fleet.ts";
import type { Target } from "../ingest/post-request.ts";

export type Command =
  /** More agents of a fleet, until there are so many; each has a connection of its own that opens with its first push. */
  | {
      readonly do: "agents";
      readonly name: string;
      readonly fleet: FleetOptions;
      readonly target: Target;
      readonly hosts: number;
    }
  /** Clients that ask the same again and again, each over a connection of its own. */
  | {
      readonly do: "readers";
      readonly name: string;
      readonly port: number;
      readonly requests: readonly string[];
    }
  | { readonly do: "disconnect"; readonly name: string }
  /** Encodes what the next run sends. Answers with the moment at which it begins, ms since 1970. */
  | { readonly do: "plan"; readonly parts: readonly Part[] }
  /** Sends what was planned, each at its moment whatever is still under way; waits for answers so long at most. */
  | { readonly do: "run"; readonly drainMs: number };

/** A part of a plan; what it sends is told apart by its label. */
export type Part = { readonly of: string; readonly label: string } & (
  | {
      /** Each agent at its own moment of the interval. */
      readonly kind: "paced";
      /** The first so many of them. */
      readonly hosts: number;
      readonly everyMs: number;
      readonly forMs: number;
    }
  | {
      /** One push of each agent, with so many intervals in it, at some moment of a time from the beginning. */
      readonly kind: "burst";
      /** The first of them that sends. */
      readonly from: number;
      readonly intervals: number;
      readonly withinMs: number;
    }
  | {
      /** Readers again and again, so many of them at one moment, as the questions of a page. */
      readonly kind: "asking";
      readonly together: number;
      readonly everyMs: number;
      readonly forMs: number;
    }
);

/** Of the requests with one label. Times from the moment at which a request was due, so that what waits behind another counts. */
export interface Sent {
  readonly requests: number;
  readonly snapshots: number;
  readonly samples: number;
  /** Head and body. */
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Told to come back, or cut: sent again. */
  readonly again: number;
  /** Not answered when the run ended; in the times as long as they had waited. */
  readonly unanswered: number;
}

export interface Ran {
  /** From its beginning until the last was due. */
  readonly seconds: number;
  readonly sent: Readonly<Record<string, Sent>>;
  /** How good the generator itself was. */
  readonly own: {
    readonly cpuMs: number;
    /** From the moment at which a request was due to that at which it was given to its connection. */
    readonly lateP99Ms: number;
    readonly loopP99Ms: number;
    /** Planned and left out, since encoding took until after they were due. */
    readonly skipped: number;
  };
}
