import { SpillwayError } from "../errors.ts";

/** What a failure of the database means to its caller. */
export type StoreFault =
  /** Another transaction was in the way: the same statement can succeed at once. */
  | "conflict"
  /** No partition for the row's time. */
  | "no_partition"
  /** The row's hour takes no more snapshots: appendLateSnapshots does. */
  | "sealed"
  /** A value that the database refuses: a fault of the row. */
  | "row"
  /** The server, the network, the disk or its settings: trying again later can help. */
  | "unavailable"
  /** Anything else: a fault of ours. */
  | "other";

const CONFLICT = new Set(["40P01", "40001", "55P03"]);
/** Classes of SQLSTATE, and single ones: read-only, no such database, resources, shutdown, disk, log-in refused. */
const UNAVAILABLE = /^(08|28|3D|53|57|58|F0|XX)|^25006$/;
/** What Prisma and the driver say when no server answered, which carries no SQLSTATE. */
const UNREACHABLE =
  /ECONN|EPIPE|ENOENT|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|Can't reach database|P10(01|02|08|17)|closed the connection|Connection terminated|timeout exceeded|Timed out|not queryable/;

/** Names the fault behind whatever Prisma or the driver threw. */
export function storeFault(error: unknown): StoreFault {
  const code = sqlState(error);
  if (code === null) return UNREACHABLE.test(textOf(error)) ? "unavailable" : "other";
  if (CONFLICT.has(code)) return "conflict";
  if (code === "23514" && /no partition of relation/.test(textOf(error))) return "no_partition";
  if (code === "23514" && /"snapshot_sealed"/.test(textOf(error))) return "sealed";
  if (UNAVAILABLE.test(code)) return "unavailable";
  return /^2[23]/.test(code) ? "row" : "other";
}

/** Whether a statement met a table that was being dropped: 58P01 and XX000 name its files, 42P01 itself. */
export function metDropped(error: unknown): boolean {
  const code = sqlState(error);
  if (code === "58P01" || code === "42P01") return true;
  return code === "XX000" && /could not open relation with OID/.test(textOf(error));
}

/** A failure that time can mend as an answer to a caller; anything else as it is. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof SpillwayError) return error;
  const fault = storeFault(error);
  if (fault !== "unavailable" && fault !== "conflict") return error;
  return new SpillwayError("UNAVAILABLE", "the database does not answer: try again in a few seconds", {
    cause: error,
    details: { retryAfterSeconds: 5 },
  });
}

interface ErrorShape {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly originalCode?: unknown;
  readonly cause?: unknown;
  readonly meta?: { readonly driverAdapterError?: unknown };
}

/**
 * The five characters by which Postgres names an error; null when there are none. Prisma wraps the server's
 * error in its own, whose codes look alike (P2010): only what the driver gave is taken.
 */
export function sqlState(error: unknown): string | null {
  for (const one of chain(error)) {
    // A pg.DatabaseError has a severity; so has what the adapter keeps of one.
    const code = one.originalCode ?? (one.severity === undefined ? undefined : one.code);
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return null;
}

function textOf(error: unknown): string {
  return chain(error)
    .map((one) => `${String(one.code ?? "")} ${String(one.message ?? "")}`)
    .join("\n");
}

/** An error, and what it was caused by. */
function chain(error: unknown): ErrorShape[] {
  const found: ErrorShape[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null || found.length > 8 || found.includes(value)) return;
    found.push(value);
    look((value as ErrorShape).meta?.driverAdapterError);
    look((value as ErrorShape).cause);
  };
  look(error);
  return found;
}
