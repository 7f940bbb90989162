import { columnsOf, type ShardMinute, seriesValue } from "../../detect/columns.ts";
import { PEER_SERIES, type Peer } from "../../detect/detectors/peers.ts";
import type { Series } from "../../detect/series.ts";
import { SHARD_SIZE } from "../../store/codec/positions.ts";
import { FIRST_OTHER_NAMESPACE, type HostRecord } from "../../store/directory.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import { roleOf } from "./roles.ts";

/** What a host's own namespace did in a window. */
export interface RolePeer {
  readonly host: HostRecord;
  readonly namespaceId: number;
  ratedMs: number;
  /** By series name; one that moved nowhere, or that the kernel lacks, is not in it. */
  readonly counts: Map<string, number>;
}

/** The hosts of each role over a window, added up of the minutes of all shards. */
export class RolePeers {
  readonly #fleet: Pick<Fleet, "hostById" | "ownerOf">;
  readonly #roleLabels: readonly string[];
  readonly #byNamespace = new Map<number, RolePeer>();
  /** Namespaces in which something began anew: what they did is of two lives. */
  readonly #leftOut = new Set<number>();

  constructor(fleet: Pick<Fleet, "hostById" | "ownerOf">, roleLabels: readonly string[]) {
    this.#fleet = fleet;
    this.#roleLabels = roleLabels;
  }

  take(shard: number, minute: ShardMinute): void {
    const columns = PEER_SERIES.filter(({ counter }) => minute.increases.has(counter)).map(
      (series) => [series, columnsOf(minute, series)] as const,
    );
    for (const [position, ratedMs] of minute.ratedMs.entries()) {
      const namespaceId = shard * SHARD_SIZE + position;
      if (minute.disturbed?.[position] === 1) this.#leftOut.add(namespaceId);
      const peer = ratedMs > 0 ? this.#peerOf(namespaceId) : null;
      if (peer === null) continue;
      peer.ratedMs += ratedMs;
      for (const [{ name }, column] of columns) {
        const count = seriesValue(column, position);
        if (count > 0) peer.counts.set(name, (peer.counts.get(name) ?? 0) + count);
      }
    }
  }

  /** @returns by role */
  get all(): ReadonlyMap<string, readonly RolePeer[]> {
    const roles = new Map<string, RolePeer[]>();
    for (const peer of this.#byNamespace.values()) {
      const role = this.#leftOut.has(peer.namespaceId) ? null : roleOf(peer.host.labels, this.#roleLabels);
      if (role === null) continue;
      const own = roles.get(role);
      if (own === undefined) roles.set(role, [peer]);
      else own.push(peer);
    }
    return roles;
  }

  /** Null for a container, and where the fleet shows nobody. */
  #peerOf(namespaceId: number): RolePeer | null {
    const known = this.#byNamespace.get(namespaceId);
    if (known !== undefined) return known;
    const host = this.#fleet.hostById.get(this.#fleet.ownerOf.get(namespaceId) ?? -1);
    if (host === undefined || namespaceId >= FIRST_OTHER_NAMESPACE) return null;
    const peer = { host, namespaceId, ratedMs: 0, counts: new Map() };
    this.#byNamespace.set(namespaceId, peer);
    return peer;
  }
}

/** Hosts of one role as they are compared in one series. */
export function peersIn(series: Series, all: readonly RolePeer[]): Peer[] {
  return all.map(({ host, ratedMs, counts }) => ({
    hostId: host.id,
    ratedMs,
    count: counts.get(series.name) ?? 0,
  }));
}
