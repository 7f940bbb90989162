/** What a failure of the database means to its caller. */
export type StoreFault =
  /** Another transaction was in the way: the same statement can succeed at once. */
  | "conflict"
  /** No partition for the row's time. */
  | "no_partition"
  /** The server, the network or the disk: trying again later can help. */
  | "unavailable"
  /** Anything else: a fault of ours or of the row. */
  | "other";

const CONFLICT = new Set(["40P01", "40001", "55P03"]);
const UNAVAILABLE_CODE = /^(08|53|57|58|F0|XX)/;
const NETWORK = /ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|terminat|timeout|Connection|connect|Closed|closed/;

/**
 * Names the fault behind whatever Prisma or the driver threw.
 *
 * Prisma wraps the server's error in its own (P2010 and others), so the SQLSTATE is looked for in the error
 * and everything it carries.
 */
export function storeFault(error: unknown): StoreFault {
  const code = sqlState(error);
  if (code !== null) {
    if (CONFLICT.has(code)) return "conflict";
    if (code === "23514" && /no partition/.test(String(error))) return "no_partition";
    return UNAVAILABLE_CODE.test(code) ? "unavailable" : "other";
  }
  const text = String(error);
  if (/no partition of relation/.test(text)) return "no_partition";
  return NETWORK.test(text) ? "unavailable" : "other";
}

/** The five characters by which Postgres names an error; null when there are none. */
export function sqlState(error: unknown): string | null {
  let found: string | null = null;
  const seen = new Set<unknown>();
  const look = (value: unknown, depth: number): void => {
    if (found !== null || depth > 5 || typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    for (const key of ["originalCode", "code"]) {
      const code = (value as Record<string, unknown>)[key];
      if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^P[12]0\d\d$/.test(code)) found = code;
    }
    for (const key of ["cause", "meta", "driverAdapterError", "error"]) {
      look((value as Record<string, unknown>)[key], depth + 1);
    }
  };
  look(error, 0);
  return found;
}
