/** What simulated agents made and what the service said of it: the history that the invariants are checked against. */
import type { OracleSnapshot } from "../../support/oracle.ts";

export interface JournalHost {
  readonly id: string;
  readonly name: string;
  /** Every snapshot that was made, by its time. */
  readonly made: OracleSnapshot[];
  /** Times of those that were acknowledged: stored, or stored before. */
  readonly acknowledged: Set<number>;
  /** Times of those that were refused for good. */
  readonly refused: Set<number>;
  /** A process of its own on this machine, whose time is ours: simulated hosts are hours behind. */
  readonly isReal: boolean;
}

export class Journal {
  readonly hosts: JournalHost[] = [];
  /** How often each status came. */
  readonly statuses = new Map<string, number>();
  /** Pushes that ended without an answer, by the error's code. */
  readonly failures = new Map<string, number>();
  /** Snapshots that were refused for good, by code ... */
  readonly refused = new Map<string, number>();
  /** ... and those that were sent to be: no other should be. */
  readonly toBeRefused = new Map<string, number>();

  add(id: string, name: string, isReal = false): JournalHost {
    const host = { id, name, made: [], acknowledged: new Set<number>(), refused: new Set<number>(), isReal };
    this.hosts.push(host);
    return host;
  }

  get made(): number {
    return this.hosts.reduce((sum, { made }) => sum + made.length, 0);
  }

  /** Snapshots that were neither acknowledged nor refused. */
  get unanswered(): number {
    return this.hosts.reduce(
      (sum, { made, acknowledged, refused }) => sum + made.length - acknowledged.size - refused.size,
      0,
    );
  }

  get acknowledged(): number {
    return this.hosts.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  }
}

export function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
