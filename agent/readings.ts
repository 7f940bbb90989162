import type { Count } from "../src/protocol/count.ts";

/**
 * Counters that one source printed, in its order; `values[i]` belongs to `names[i]`.
 *
 * Two parallel arrays and not a list of pairs: a scrape has about 330 counters, and the wire sends names
 * and values apart anyway.
 */
export interface Readings {
  /** Full names as nstat prints them: the group, then the field (`TcpExtListenOverflows`). */
  readonly names: readonly string[];
  /** null where the kernel prints the name without a count, such as `Tcp: MaxConn -1`. */
  readonly values: readonly (Count | null)[];
}
