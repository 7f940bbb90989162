import { createHash, timingSafeEqual } from "node:crypto";
import { layoutHash } from "../protocol/layout.ts";
import type { PrismaClient } from "../store/client.ts";
import { type EpochFacts, registerEpoch } from "../store/epochs.ts";
import { type HostFacts, registerHost, updateHostFacts } from "../store/hosts.ts";
import { sameLabels } from "../store/labels/effective.ts";
import { findLayout, registerLayout, type StoredLayout } from "../store/layouts.ts";
import {
  type NamespaceFacts,
  type NamespaceKey,
  registerNamespace,
  registerRoot,
} from "../store/namespaces.ts";

const REMEMBERED_HOSTS = 200_000;
/**
 * Facts of a host are compared with the stored ones this often, though they are the same as at its last push
 * here: behind a load balancer another process may have kept others since.
 */
const FACTS_HOLD_MS = 600_000;

interface Said {
  readonly now: number;
  readonly since: number;
}

/** A host as this process knows it, with the ids of what belongs to it. */
export interface KnownHost {
  readonly id: number;
  readonly keyHash: Uint8Array;
  /**
   * The key that was found to have this hash, the facts that are kept, as far as this process knows, and until
   * when it takes that for granted: what nearly every push says again.
   */
  last: { readonly key: Uint8Array; readonly facts: HostFacts; readonly until: number } | null;
  readonly ids: Map<string, Promise<number>>;
}

/**
 * Ids of hosts, epochs, namespaces and layouts, each looked up once in this process: after its first push a
 * host costs the database nothing but its snapshots.
 */
export class Registry {
  readonly #db: PrismaClient;
  readonly #hosts = new Map<string, Promise<KnownHost>>();
  readonly #layouts = new Map<string, Promise<StoredLayout | null>>();

  constructor(db: PrismaClient) {
    this.#db = db;
  }

  /**
   * The host of an agent id; null when the id is bound to another key.
   *
   * @param said when it was said (`now`), and the time of the oldest snapshot that came with it (`since`), from
   *   which new labels hold; ms since 1970
   */
  async host(agentId: string, key: string, facts: HostFacts, said: Said): Promise<KnownHost | null> {
    const keyBytes = Buffer.from(key);
    const known = await this.#hosts.get(agentId);
    if (known?.last != null && isEqual(known.last.key, keyBytes)) {
      if (said.now >= known.last.until || !sameFacts(known.last.facts, facts)) {
        await this.#keepFacts(known, keyBytes, facts, said);
      }
      return known;
    }
    const keyHash = createHash("sha256").update(key).digest();
    const host = await remember(this.#hosts, agentId, async () => {
      const row = await registerHost(this.#db, agentId, keyHash, facts);
      return { id: row.id, keyHash: row.keyHash, last: null, ids: new Map() };
    });
    if (this.#hosts.size > REMEMBERED_HOSTS) this.#hosts.delete(this.#hosts.keys().next().value ?? "");
    if (!isEqual(host.keyHash, keyHash)) return null;
    await this.#keepFacts(host, keyBytes, facts, said);
    return host;
  }

  async #keepFacts(host: KnownHost, key: Uint8Array, facts: HostFacts, { now, since }: Said): Promise<void> {
    await updateHostFacts(this.#db, host.id, facts, since);
    // A copy of its own: a small Buffer keeps the 8 KiB alive that it was cut from.
    host.last = { key: Uint8Array.from(key), facts, until: now + FACTS_HOLD_MS };
  }

  epoch(host: KnownHost, facts: EpochFacts): Promise<number> {
    return remember(host.ids, `epoch ${facts.bootId} ${facts.number}`, () =>
      registerEpoch(this.#db, host.id, facts),
    );
  }

  root(host: KnownHost): Promise<number> {
    return remember(host.ids, "root", () => registerRoot(this.#db, host.id));
  }

  namespace(host: KnownHost, key: NamespaceKey, facts: NamespaceFacts): Promise<number> {
    return remember(host.ids, `${key.bootId} ${key.inode} ${key.birth}`, () =>
      registerNamespace(this.#db, host.id, key, facts),
    );
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

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function sameFacts(a: HostFacts, b: HostFacts): boolean {
  return (
    a.name === b.name &&
    a.machineId === b.machineId &&
    sameLabels(a.labels, b.labels) &&
    sameLabels(a.forcedLabels ?? {}, b.forcedLabels ?? {})
  );
}

/** The value kept under a key, asked for once however many ask at the same time; a failure is not kept. */
function remember<V>(map: Map<string, Promise<V>>, key: string, make: () => Promise<V>): Promise<V> {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
    value.catch(() => map.delete(key));
  }
  return value;
}
