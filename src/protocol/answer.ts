/** What the service answers to a push: `200` with one result for each snapshot, in the order sent. */
export interface PushAnswer {
  /** The service's clock when it answered, in ms since 1970: the agent dates its snapshots by it. */
  readonly time: number;
  readonly results: readonly SnapshotResult[];
  readonly config: AgentConfig;
}

/** What the service asks of its agents. */
export interface AgentConfig {
  /** Interval between snapshots, in ms. */
  readonly intervalMs: number;
  /** Each push is delayed by a random time of up to this many ms, so that a fleet does not arrive at once. */
  readonly jitterMs: number;
}

/**
 * What became of one snapshot, and so what the agent does with it:
 * `stored` and `duplicate` are deleted; `rejected`, `too_old` and `future` are set aside in a bounded file and
 * counted by their code; `retry` is kept and sent again after a backoff.
 */
export type SnapshotResult =
  | { readonly status: "stored" | "duplicate" }
  | {
      readonly status: "rejected" | "too_old" | "future" | "retry";
      readonly code: SnapshotFault;
      /** A sentence that names the fault and the remedy. */
      readonly message: string;
    };

/** Why a snapshot was not stored. */
export type SnapshotFault =
  /** rejected: a field is missing or of the wrong form, of the snapshot or of its namespace. */
  | "MALFORMED"
  /** rejected: a value is negative, fractional or above 2^64-1. */
  | "BAD_VALUE"
  /** rejected: a JSON number above 2^53-1, whose digits JSON has already lost. */
  | "UNSAFE_NUMBER"
  /** rejected: as many values as names are needed. */
  | "VALUES_MISMATCH"
  /** rejected: the names sent do not have the hash they are sent under. */
  | "LAYOUT_MISMATCH"
  /** rejected: this namespace already has a snapshot of that time, with other content. */
  | "CONFLICT"
  /** retry: the service keeps as many counter names as it may, and these are new. */
  | "LIMIT_EXCEEDED"
  /** too_old: older than the service keeps raw snapshots. */
  | "TOO_OLD"
  /** future: more than five minutes ahead of the service's clock. */
  | "FUTURE"
  /** retry: the host id belongs to an agent with another key. */
  | "KEY_REFUSED"
  /** retry: the token may not push for a host of this name. */
  | "HOST_REFUSED"
  /** retry: the service does not know this layout; send its names. */
  | "UNKNOWN_LAYOUT"
  /** retry: the service could not store it now. */
  | "SERVICE_FAULT";
