/**
 * What the catalog says of one kernel counter. Plain data: an entry is built once and never changed.
 */

/**
 * COUNTER only grows until it starts again from zero, so its increase is what matters. GAUGE goes up
 * and down, or is a constant, so its value is. UNKNOWN is a name that the catalog does not list, as one of a
 * newer kernel: it is kept, shown, and added up like a counter, since nearly every field is one; and nothing
 * is concluded from it.
 */
export type CounterKind = "COUNTER" | "GAUGE" | "UNKNOWN";

/** One place in the kernel source that changes the counter. */
export interface KernelSite {
  readonly function: string;
  /** Path in the kernel source tree. */
  readonly file: string;
  /** What must happen for this place to be reached. */
  readonly when: string;
  /** First kernel version that behaves so; null where it is not known to differ between versions. */
  readonly since: string | null;
}

/** What a file of counters/ says of a counter; what its name alone tells is added by the catalog. */
export interface CounterTexts {
  /** The full name, as nstat prints it: the group, then the field (`TcpExtListenOverflows`). */
  readonly name: string;
  /** Where the kernel changes it. */
  readonly incrementedBy: readonly KernelSite[];
  /** What an increase, or an unusual value, says of the host. */
  readonly implies: string;
  /** What to look at and what to change; null where nothing ever needs to be done. */
  readonly remedy: string | null;
  /** Why the line of `netstat -s` misleads; null where it does not. */
  readonly netstatMisleads: string | null;
  /** What a reader must know before drawing a conclusion from it. */
  readonly caveats: readonly string[];
}

export interface CounterEntry {
  /** The full name, as nstat prints it: the group, then the field (`TcpExtListenOverflows`). */
  readonly name: string;
  /** The line of /proc/net/snmp or /proc/net/netstat it stands on (`TcpExt`); empty when the name has no known one. */
  readonly group: string;
  /** The name within that line (`ListenOverflows`). */
  readonly field: string;
  readonly kind: CounterKind;
  /** What one step of it counts, in the plural: "packets", "connections". */
  readonly unit: string;
  /**
   * True for a counter that stands still on a healthy host, so that any increase is worth judging at
   * once: it is rolled up at every tick, even within the minute that is still open.
   */
  readonly event: boolean;
  /** Names that other tools give to the same number. */
  readonly aliases: readonly string[];
  /** What it counts; null for a counter that the catalog does not document, as are the two texts below. */
  readonly meaning: string | null;
  /** Where the kernel changes it; empty for a counter that the catalog does not document. */
  readonly incrementedBy: readonly KernelSite[];
  /** What an increase, or an unusual value, says of the host. */
  readonly implies: string | null;
  /** What to look at and what to change; null also where nothing ever needs to be done. */
  readonly remedy: string | null;
  /**
   * The line that `netstat -s` prints for it, N for the number, and why that line misleads where it does; null
   * where it prints none.
   */
  readonly netstatText: string | null;
  /** What a reader must know before drawing a conclusion from it. */
  readonly caveats: readonly string[];
}
