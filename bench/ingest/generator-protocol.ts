/** What the load generator, a process of its own, is told and answers. */
import type { FleetOptions } from "../fleet/fleet.ts";

/** A stream of the snapshots of a fleet to one server, over connections that stay open. */
export interface StreamOptions {
  readonly name: string;
  readonly fleet: FleetOptions;
  readonly form: "push" | "remote-write";
  readonly gzip: boolean;
  /** One connection for each host or, where several share a request, for each group of them. */
  readonly hostsPerRequest: number;
  readonly port: number;
  readonly path: string;
  readonly token: string | null;
  /** Containers of each host, besides its root; null for none. */
  readonly churn: { readonly namespaces: number; readonly lifeMs: number } | null;
}

export type Command =
  | { readonly do: "open"; readonly stream: StreamOptions }
  /** Encodes the next intervals, so that sending them costs little. */
  | { readonly do: "prepare"; readonly stream: string; readonly steps: number }
  /** Sends what was prepared as fast as answers come. */
  | { readonly do: "send"; readonly stream: string }
  /** Sends the current interval again and again in real time, each host at its own moment. */
  | { readonly do: "pace"; readonly stream: string; readonly seconds: number };

export interface Prepared {
  readonly requests: number;
  readonly snapshots: number;
  readonly samples: number;
  readonly bytes: number;
}

export interface Sent {
  readonly requests: number;
  readonly snapshots: number;
  readonly samples: number;
  readonly seconds: number;
  /** From the first byte sent to the last received, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Paced only: how late a request was sent at the 99th percentile, in ms. */
  readonly lateP99Ms: number;
}
