import type { Expectation } from "../detectors/burst.ts";
import type { Flag } from "../flag.ts";

/** What one namespace did between two of its snapshots. */
export interface ObservedInterval {
  /** ms since 1970 of the earlier and the later snapshot. */
  readonly from: number;
  readonly to: number;
  /** ms that the increases took; an interval too long to tell a rate of is no part of a window. */
  readonly ratedMs: number;
  /** Increases by full counter name, zeros too; a counter that the kernel lacks has no entry. */
  readonly increases: ReadonlyMap<string, number>;
  /** Gauges at its end, by full name. */
  readonly gauges: ReadonlyMap<string, number>;
}

/** What was seen of one listening socket over the window. */
export interface ObservedListener {
  /** Inode of the socket, a decimal string: with address and port it names one while it is open. */
  readonly inode: string;
  readonly address: string;
  readonly port: number;
  /** Process, unit or container; null where it cannot be seen. */
  readonly owner: string | null;
  /** The effective limit: the kernel holds one connection more. Null where it cannot be seen. */
  readonly limit: number | null;
  readonly samples: number;
  readonly samplesFull: number;
  readonly peakQueue: number;
  /**
   * Samples in a row, to the newest, that found the queue over its limit; 0 where it had room again after it was
   * full. Where only a part of what an interval sampled was full, the last of it alone is sure to be in the row.
   */
  readonly stuckSamples: number;
  /** Readings in a row, to the newest, between which nothing says that its queue emptied; absent where it did. */
  readonly standing?: Standing;
  /** The queue at the newest sample before the window, and at the newest in it. */
  readonly firstQueue: number;
  readonly lastQueue: number;
  /** Growth of sk_drops over the intervals in which ListenDrops grew: a weight, not a count. */
  readonly weight: number;
  /** When it was first listed; null for one that was there from the first list on that is looked at. */
  readonly openedAt: number | null;
  /**
   * For how long it was listed, of what is looked at: it was open for at least so long. Absent in what was remembered
   * before this was.
   */
  readonly listedMs?: number;
  /** When a complete list left it out first: it was closed by then. Null for one that is open. */
  readonly closedAt: number | null;
}

/**
 * A queue that does not empty: at each of these snapshots, the newest in the window, it was at three quarters of its
 * limit or more; of the most that was seen in it, where its limit cannot be seen.
 */
export interface Standing {
  /** Snapshots. */
  readonly readings: number;
  /** Samples that were taken up to them, each since the one before, and those that found it over its limit. */
  readonly samples: number;
  readonly samplesFull: number;
  /** The shortest that it was at one of the readings. */
  readonly leastQueue: number;
}

/** What one namespace did in about the last minute: what a diagnosis is made from. */
export interface NamespaceWindow {
  /** Rated intervals, the newest last. */
  readonly intervals: readonly ObservedInterval[];
  readonly listeners: readonly ObservedListener[];
  /** False where no listener can be seen at all. */
  readonly listenersSeen: boolean;
}

/** For how many minutes it is known what was counted. */
export function minutesOf(intervals: readonly ObservedInterval[]): number {
  return intervals.reduce((sum, { ratedMs }) => sum + ratedMs, 0) / 60_000;
}

/** Something that was announced or seen: a deploy, a reboot, a maintenance window. */
export interface KnownEvent {
  readonly kind: string;
  readonly title: string;
  readonly at: number;
  /** Null for a moment, or one that has not ended. */
  readonly until: number | null;
}

/** What is known of the namespace besides the window. */
export interface Surroundings {
  /** False for another network namespace than the host's own; absent for that. */
  readonly isRoot?: boolean;
  /** `uname -r` */
  readonly kernel: string | null;
  /** By name: `net.core.somaxconn`. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** What is usual at this time, by series name; a series whose baseline is not mature has no entry. */
  readonly usual: ReadonlyMap<string, Expectation>;
  /** Flags that hold now, of every detector. */
  readonly flags: readonly Flag[];
  /** A broken invariant that makes the host's numbers worthless; null when there is none. */
  readonly dataProblem: Flag | null;
  /** The host is silent or its counters are frozen; null when it reports. */
  readonly silence: Flag | null;
  readonly events: readonly KnownEvent[];
}
