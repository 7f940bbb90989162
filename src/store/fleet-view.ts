import type { Db } from "./client.ts";
import { type HostDetail, type HostRecord, readHostDetails, readHostMarks, statusOf } from "./directory.ts";
import { NamespaceOwners, type Namespaces } from "./namespace-owners.ts";

/** How long a view is shown without looking again. */
const VIEW_MS = 1_000;

/** All hosts at one moment, and which namespaces are theirs. */
export interface Fleet extends Namespaces {
  /** By name, then id. */
  readonly hosts: readonly HostRecord[];
  readonly hostById: ReadonlyMap<number, HostRecord>;
  /** The same object for as long as no host, label or namespace has come, gone or changed. */
  readonly facts: object;
}

interface Held {
  /** As it was when `record` was read. */
  readonly mark: string;
  record: HostRecord;
}

/**
 * The fleet, read at most once a second however many ask.
 *
 * A look reads a mark of each host, the hosts alone whose mark is another than the one held (they were heard of,
 * or somebody changed them in whichever process), and the namespaces that are new.
 */
export class FleetView {
  readonly #db: Db;
  readonly #now: () => number;
  readonly #owners: NamespaceOwners;
  #view: { readonly at: number; readonly fleet: Promise<Fleet> } | null = null;
  #held = new Map<number, Held>();
  #facts = {};
  #namespaceFacts = {};
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
    const [marks, namespaces] = await Promise.all([readHostMarks(this.#db), this.#owners.read(now)]);
    const changed = [...marks].filter(([id, mark]) => this.#held.get(id)?.mark !== mark).map(([id]) => id);
    const details = changed.length === 0 ? [] : await readHostDetails(this.#db, changed);
    let ordered = true;
    let same = namespaces.facts === this.#namespaceFacts;
    this.#namespaceFacts = namespaces.facts;
    for (const detail of details) {
      const before = this.#held.get(detail.id)?.record;
      ordered &&= before?.name === detail.name;
      same &&= before?.revision === detail.revision;
      const record = { ...detail, status: statusAt(detail, now) };
      // The details are no older than the mark; if they are newer, the next look sees another one.
      this.#held.set(detail.id, { mark: marks.get(detail.id) ?? "", record });
    }
    for (const id of this.#held.keys()) {
      if (marks.has(id)) continue;
      this.#held.delete(id);
      same = false;
    }
    if (!same) this.#facts = {};
    if (!ordered)
      this.#held = new Map([...this.#held].sort(([, a], [, b]) => byNameAndId(a.record, b.record)));

    const hosts: HostRecord[] = [];
    const hostById = new Map<number, HostRecord>();
    for (const held of this.#held.values()) {
      const status = statusAt(held.record, now);
      if (held.record.status !== status) held.record = { ...held.record, status };
      hosts.push(held.record);
      hostById.set(held.record.id, held.record);
    }
    return { hosts, hostById, ...namespaces, facts: this.#facts };
  }
}

function statusAt({ lastSeen, everyMs, leftAt }: HostDetail, now: number) {
  return statusOf(lastSeen?.getTime() ?? null, everyMs, leftAt?.getTime() ?? null, now);
}

function byNameAndId(a: HostRecord, b: HostRecord): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id - b.id;
}
