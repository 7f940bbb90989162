import type { Db } from "./client.ts";
import { type HostRecord, type NamespaceOwner, readHosts, readNamespaceOwners } from "./directory.ts";

/** How long a view is shown without looking again. */
const VIEW_MS = 1_000;

/** All hosts at one moment, and which namespaces are theirs. */
export interface Fleet {
  /** By name, then id. */
  readonly hosts: readonly HostRecord[];
  readonly hostById: ReadonlyMap<number, HostRecord>;
  /** Host id by namespace id. */
  readonly ownerOf: ReadonlyMap<number, number>;
  /** The namespaces of each host by its id, the root first. */
  readonly namespacesOf: ReadonlyMap<number, readonly NamespaceOwner[]>;
  /** Shards in which there are namespaces. */
  readonly shards: readonly number[];
}

/** The fleet, read at most once a second however many ask. */
export class FleetView {
  readonly #db: Db;
  readonly #now: () => number;
  #view: { readonly at: number; readonly fleet: Promise<Fleet> } | null = null;

  constructor(db: Db, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  read(): Promise<Fleet> {
    const now = this.#now();
    if (this.#view === null || Math.abs(now - this.#view.at) >= VIEW_MS) {
      const view = { at: now, fleet: this.#load(now) };
      this.#view = view;
      view.fleet.catch(() => {
        if (this.#view === view) this.#view = null;
      });
    }
    return this.#view.fleet;
  }

  async #load(now: number): Promise<Fleet> {
    const [hosts, owners] = await Promise.all([readHosts(this.#db, now), readNamespaceOwners(this.#db)]);
    return fleetOf(hosts, owners);
  }
}

function fleetOf(hosts: readonly HostRecord[], owners: readonly NamespaceOwner[]): Fleet {
  const ownerOf = new Map<number, number>();
  const namespacesOf = new Map<number, NamespaceOwner[]>();
  const shards = new Set<number>();
  for (const owner of owners) {
    ownerOf.set(owner.id, owner.hostId);
    shards.add(owner.id >> 8);
    const own = namespacesOf.get(owner.hostId);
    if (own === undefined) namespacesOf.set(owner.hostId, [owner]);
    else own.push(owner);
  }
  const hostById = new Map(hosts.map((host) => [host.id, host]));
  return { hosts, hostById, ownerOf, namespacesOf, shards: [...shards] };
}
