import { createHash, timingSafeEqual } from "node:crypto";
import { layoutHash } from "../protocol/layout.ts";
import type { PrismaClient } from "../store/client.ts";
import { type EpochFacts, registerEpoch } from "../store/epochs.ts";
import { Gate } from "../store/gate.ts";
import { type HostFacts, labelsAfter, registerHost, updateHostFacts } from "../store/hosts.ts";
import { sourcesOf } from "../store/labels/change.ts";
import { sameLabels } from "../store/labels/effective.ts";
import { findLayout, registerLayout, type StoredLayout } from "../store/layouts.ts";
import { LruMap } from "../store/lru-map.ts";
import { type NamespaceEntry, registerNamespaces, registerRoot } from "../store/namespaces.ts";

const REMEMBERED_HOSTS = 200_000;
/** More than are kept. */
const REMEMBERED_LAYOUTS = 10_000;
/**
 * Facts of a host are compared with the stored ones this often, though they are the same as at its last push
 * here: behind a load balancer another process may have kept others since.
 */
const FACTS_HOLD_MS = 600_000;
/**
 * A host that has not pushed here for so long is looked up anew: it may have been forgotten, and gone for good
 * (store/retention/expire-hosts.ts, which waits longer than this).
 */
const UNHEARD_MS = 3_600_000;

interface Said {
  readonly now: number;
  readonly since: number;
}

/**
 * Look-ups at a time. When a fleet comes at once, after a restart, they wait here and not for a connection: that
 * wait ends after seconds with a refusal, and commits wait in the same line.
 */
const LOOKUPS = 6;
/** Of one host: epochs and namespaces. Containers come and go; a push has no more of them than a quarter of these. */
const REMEMBERED_IDS = 4_000;

/** A host as this process knows it, with the ids of what belongs to it. */
export interface KnownHost {
  readonly id: number;
  readonly keyHash: Uint8Array;
  /** The key that was found to have this hash: nearly every push gives it again. */
  key: Uint8Array | null;
  /** As they are kept, as far as this process knows, and until when it takes that for granted. */
  facts: HostFacts;
  factsUntil: number;
  /** When it last pushed here, ms since 1970. */
  heardAt: number;
  readonly ids: LruMap<string, Promise<number>>;
}

/**
 * Ids of hosts, epochs, namespaces and layouts, each looked up once in this process: after its first push a
 * host costs the database nothing but its snapshots.
 */
export class Registry {
  readonly #db: PrismaClient;
  readonly #hosts = new LruMap<string, Promise<KnownHost>>(REMEMBERED_HOSTS);
  readonly #layouts = new LruMap<string, Promise<StoredLayout | null>>(REMEMBERED_LAYOUTS);
  readonly #gate = new Gate(LOOKUPS);

  constructor(db: PrismaClient) {
    this.#db = db;
  }

  /** Whether a host's pushes have come to this process before: then they cost the database nothing but their snapshots. */
  knows(agentId: string): boolean {
    return this.#hosts.has(agentId);
  }

  /**
   * The host of an agent id; null when the id is bound to another key.
   *
   * @param said when it was said (`now`), and the time of the oldest snapshot that came with it (`since`), from
   *   which new labels hold; ms since 1970
   */
  async host(agentId: string, key: string, facts: HostFacts, said: Said): Promise<KnownHost | null> {
    const held = await this.#hosts.get(agentId)?.catch(() => undefined);
    if (held !== undefined && said.now - held.heardAt > UNHEARD_MS) this.#hosts.delete(agentId);
    const host = await remember(this.#hosts, agentId, async () => {
      const keyHash = createHash("sha256").update(key).digest();
      const row = await this.#gate.run(() => registerHost(this.#db, agentId, keyHash, facts));
      return {
        id: row.id,
        keyHash: row.keyHash,
        key: null,
        facts: factsOf(row),
        factsUntil: said.now + FACTS_HOLD_MS,
        heardAt: said.now,
        ids: new LruMap<string, Promise<number>>(REMEMBERED_IDS),
      };
    });
    host.heardAt = said.now;
    if (!isKeyOf(host, key)) return null;
    if (said.now >= host.factsUntil || !sameFacts(host.facts, facts)) {
      host.facts = await this.#gate.run(() => updateHostFacts(this.#db, host.id, facts, said.since));
      host.factsUntil = said.now + FACTS_HOLD_MS;
    }
    return host;
  }

  epoch(host: KnownHost, facts: EpochFacts): Promise<number> {
    return remember(host.ids, `epoch ${facts.bootId} ${facts.number}`, () =>
      this.#gate.run(() => registerEpoch(this.#db, host.id, facts)),
    );
  }

  root(host: KnownHost): Promise<number> {
    return remember(host.ids, "root", () => this.#gate.run(() => registerRoot(this.#db, host.id)));
  }

  /** The ids of namespaces other than the root, in the order given; those that are new come in one statement. */
  namespaces(host: KnownHost, entries: readonly NamespaceEntry[]): Promise<number[]> {
    const keyOf = ({ key }: NamespaceEntry) => `${key.bootId} ${key.inode} ${key.birth}`;
    const unknown = new Map<string, NamespaceEntry>();
    for (const entry of entries) if (!host.ids.has(keyOf(entry))) unknown.set(keyOf(entry), entry);
    if (unknown.size > 0) {
      const made = this.#gate.run(() => registerNamespaces(this.#db, host.id, [...unknown.values()]));
      [...unknown.keys()].forEach((name, place) => {
        void remember(host.ids, name, async () => (await made)[place] ?? -1);
      });
    }
    return Promise.all(entries.map((entry) => host.ids.get(keyOf(entry)) ?? -1));
  }

  /**
   * A layout by its hash, kept when its names are given.
   *
   * @returns `mismatch` when the names have another hash, `limit` when the service keeps too many counters
   *   already, null when the hash is unknown and no names came with it
   */
  async layout(
    hash: string,
    names: readonly string[] | undefined,
  ): Promise<StoredLayout | "mismatch" | "limit" | null> {
    const known = await remember(this.#layouts, hash, () => findLayout(this.#db, hash));
    if (known !== null) return known;
    this.#layouts.delete(hash);
    if (names === undefined) return null;
    if (layoutHash(names) !== hash) return "mismatch";
    return (await registerLayout(this.#db, hash, names)) ?? "limit";
  }
}

/** Whether a key is the one that the host is bound to; its hash is taken once, and not with each push. */
function isKeyOf(host: KnownHost, key: string): boolean {
  const bytes = Buffer.from(key);
  if (host.key !== null && isEqual(host.key, bytes)) return true;
  if (!isEqual(host.keyHash, createHash("sha256").update(bytes).digest())) return false;
  // A copy of its own: a small Buffer keeps the 8 KiB alive that it was cut from.
  host.key = Uint8Array.from(bytes);
  return true;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function factsOf(row: Awaited<ReturnType<typeof registerHost>>): HostFacts {
  const { agent, forced } = sourcesOf(row);
  return { name: row.name, machineId: row.machineId, labels: agent, forcedLabels: forced };
}

/** Whether nothing is to be written of a host that is kept like this. */
function sameFacts(kept: HostFacts, said: HostFacts): boolean {
  return (
    kept.name === said.name &&
    kept.machineId === said.machineId &&
    sameLabels(kept.labels, labelsAfter(said, kept.labels)) &&
    sameLabels(kept.forcedLabels ?? {}, said.forcedLabels ?? {})
  );
}

/** The value kept under a key, asked for once however many ask at the same time; a failure is not kept. */
function remember<V>(map: LruMap<string, Promise<V>>, key: string, make: () => Promise<V>): Promise<V> {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
    value.catch(() => map.delete(key));
  }
  return value;
}
