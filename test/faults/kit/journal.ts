/** What simulated agents made and what the service said of it: the history that the invariants are checked against. */
import type { OracleSnapshot } from "../../support/oracle.ts";

export interface JournalHost {
  readonly id: string;
  readonly name: string;
  /** Every snapshot that was made, by its time. */
  readonly made: OracleSnapshot[];
  /** Times of those that were acknowledged: stored, or stored before. */
  readonly acknowledged: Set<number>;
}

export class Journal {
  readonly hosts: JournalHost[] = [];
  /** How often each status came. */
  readonly statuses = new Map<string, number>();
  /** Pushes that ended without an answer, by the error's code. */
  readonly failures = new Map<string, number>();
  /** Snapshots that were refused for good, by code: none of what agents send should be. */
  readonly refused = new Map<string, number>();

  add(id: string, name: string): JournalHost {
    const host = { id, name, made: [], acknowledged: new Set<number>() };
    this.hosts.push(host);
    return host;
  }

  get made(): number {
    return this.hosts.reduce((sum, { made }) => sum + made.length, 0);
  }

  get acknowledged(): number {
    return this.hosts.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  }
}

export function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
