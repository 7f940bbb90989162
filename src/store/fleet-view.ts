import type { Db } from "./client.ts";
import { type HostFactsRecord, type HostRecord, readHostFacts, readHostStates } from "./directory.ts";
import { NamespaceOwners } from "./namespace-owners.ts";

/** How long a view is shown without looking again. */
const VIEW_MS = 1_000;

/** All hosts at one moment, and which namespaces are theirs. */
export interface Fleet {
  /** By name, then id. */
  readonly hosts: readonly HostRecord[];
  readonly hostById: ReadonlyMap<number, HostRecord>;
  /** Host id by namespace id. */
  readonly ownerOf: ReadonlyMap<number, number>;
}

/**
 * The fleet, read at most once a second however many ask.
 *
 * A look reads the state of all hosts, the facts of those alone whose revision is another than the one held
 * (so a change made by another process is seen by the next look), and the namespaces that are new.
 */
export class FleetView {
  readonly #db: Db;
  readonly #now: () => number;
  readonly #owners: NamespaceOwners;
  #view: { readonly at: number; readonly fleet: Promise<Fleet> } | null = null;
  /** By name, then id. */
  #facts: readonly HostFactsRecord[] = [];
  #looking: Promise<unknown> = Promise.resolve();

  constructor(db: Db, now: () => number) {
    this.#db = db;
    this.#now = now;
    this.#owners = new NamespaceOwners(db);
  }

  read(): Promise<Fleet> {
    const now = this.#now();
    if (this.#view === null || Math.abs(now - this.#view.at) >= VIEW_MS) {
      // One look after the other: each builds on what the one before has left.
      const looking = this.#looking.then(() => this.#look(now));
      this.#looking = looking.catch(() => undefined);
      const view = { at: now, fleet: looking };
      this.#view = view;
      looking.catch(() => {
        if (this.#view === view) this.#view = null;
      });
    }
    return this.#view.fleet;
  }

  /** The fleet as it is now: for who has just changed something of it. */
  readAgain(): Promise<Fleet> {
    this.#view = null;
    return this.read();
  }

  async #look(now: number): Promise<Fleet> {
    const [states, ownerOf] = await Promise.all([readHostStates(this.#db, now), this.#owners.read(now)]);
    const held = this.#facts.filter(({ id, revision }) => states.get(id)?.revision === revision);
    if (held.length < this.#facts.length || held.length < states.size) {
      const known = new Set(held.map(({ id }) => id));
      const fresh = await readHostFacts(
        this.#db,
        [...states.keys()].filter((id) => !known.has(id)),
      );
      this.#facts = [...held, ...fresh].sort(byNameAndId);
    }
    const hosts: HostRecord[] = [];
    for (const facts of this.#facts) {
      const state = states.get(facts.id);
      // The revision is that of the facts, which may have been read a moment later.
      if (state !== undefined) hosts.push({ ...state, ...facts });
    }
    return { hosts, hostById: new Map(hosts.map((host) => [host.id, host])), ownerOf };
  }
}

function byNameAndId(a: HostFactsRecord, b: HostFactsRecord): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id - b.id;
}
