import { LIMITS } from "../src/protocol/limits.ts";
import type { HostSection, Push, WireNamespace } from "../src/protocol/message.ts";
import { PROTOCOL_VERSION } from "../src/protocol/version.ts";
import type { Layout, QueuedSnapshot } from "./snapshot.ts";
import { AGENT_VERSION } from "./version.ts";

/** What every section of this agent says about its host. */
export type Sender = Pick<HostSection, "id" | "key" | "name" | "machineId" | "labels">;

/** What a push says beside its snapshots. */
export type SenderFacts = Pick<HostSection, "capabilities" | "health" | "goodbye">;

export interface ComposedPush {
  /** JSON of a `Push`. */
  readonly body: string;
  /** What it carries, in the order of the results that will answer it: a head of the candidates. */
  readonly snapshots: readonly QueuedSnapshot[];
  /** Hashes of the layouts whose names it carries. */
  readonly named: ReadonlySet<string>;
  /** Place of the first snapshot of the last section, which is the one that has the facts. */
  readonly factsFrom: number;
}

/**
 * Composes a push of at least one of the candidates. `clock`: own wall clock in ms since 1970.
 *
 * @param facts go with the last section: what is said last holds.
 * @param epoch of a section without snapshots, which carries the facts when there is no candidate.
 */
export type Composer = (
  candidates: readonly QueuedSnapshot[],
  acknowledged: ReadonlySet<string>,
  clock: number,
  facts?: SenderFacts,
  epoch?: QueuedSnapshot["epoch"],
) => ComposedPush;

interface OpenSection {
  readonly epoch: QueuedSnapshot["epoch"];
  readonly layouts: Map<string, Layout>;
  /** The namespaces named, by inode and birth, in the order of their indexes. */
  readonly namespaces: Map<string, NamedNamespace>;
  readonly snapshots: string[];
}

interface NamedNamespace {
  readonly key: string;
  readonly index: number;
  readonly json: string;
}

/**
 * Snapshots are encoded already, so a body is put together as text. It stays inside LIMITS as plain text:
 * compressed it is smaller still, whatever the counters are.
 *
 * @param nameNow the host's name, asked for each push, where it may become another one.
 */
export function createComposer(sender: Sender, nameNow: () => string = () => sender.name): Composer {
  let { name } = sender;
  let host = JSON.stringify(sender).slice(0, -1);
  return (candidates, acknowledged, clock, facts = {}, epoch) => {
    const current = nameNow();
    if (current !== name) host = JSON.stringify({ ...sender, name: current }).slice(0, -1);
    name = current;
    const hostBytes = Buffer.byteLength(host);
    const agent: Push["agent"] = { version: AGENT_VERSION, clock };
    const head = `{"protocol":${PROTOCOL_VERSION},"agent":${JSON.stringify(agent)},"hosts":[`;
    const sections: OpenSection[] = [];
    const told = encodeFacts(facts);
    let bytes = head.length + 2 + Buffer.byteLength(told);
    let taken = 0;
    let section: OpenSection | undefined;
    if (candidates.length === 0 && epoch !== undefined) sections.push(openSection(epoch));
    for (const snapshot of candidates) {
      const begins = section === undefined || !sameEpoch(section.epoch, snapshot.epoch);
      const current: OpenSection = section === undefined || begins ? openSection(snapshot.epoch) : section;
      const { layout } = snapshot;
      const names = !acknowledged.has(layout.hash) && !current.layouts.has(layout.hash);
      const namespace = snapshot.namespace === undefined ? null : namespaceIn(current, snapshot.namespace);
      const isNew = namespace !== null && !current.namespaces.has(namespace.key);
      bytes += snapshot.json.length + 1 + (namespace === null ? 0 : INDEX_BYTES);
      if (isNew) bytes += Buffer.byteLength(namespace.json) + 20;
      if (begins) bytes += hostBytes + JSON.stringify(snapshot.epoch).length + 50;
      if (names) bytes += JSON.stringify(layout.names).length + layout.hash.length + 5;
      const full =
        bytes > LIMITS.bodyBytes ||
        taken === LIMITS.snapshotsPerPush ||
        (begins && sections.length === LIMITS.hostsPerPush) ||
        (names && current.layouts.size === LIMITS.layoutsPerHost) ||
        (isNew && current.namespaces.size === LIMITS.namespacesPerHost);
      if (full && taken > 0) break;
      if (begins) sections.push(current);
      if (names) current.layouts.set(layout.hash, layout);
      if (isNew) current.namespaces.set(namespace.key, namespace);
      current.snapshots.push(
        namespace === null ? snapshot.json : `{"namespace":${namespace.index},${snapshot.json.slice(1)}`,
      );
      section = current;
      taken += 1;
    }
    const named = new Set(sections.flatMap(({ layouts }) => [...layouts.keys()]));
    const body = `${head}${sections
      .map((open, index) => encodeSection(host, open, index === sections.length - 1 ? told : ""))
      .join(",")}]}`;
    const factsFrom = taken - (sections.at(-1)?.snapshots.length ?? 0);
    return { body, snapshots: candidates.slice(0, taken), named, factsFrom };
  };
}

function encodeSection(
  host: string,
  { epoch, layouts, namespaces, snapshots }: OpenSection,
  told: string,
): string {
  const names = [...layouts.values()].map(({ hash, names }) => [hash, names] as const);
  const named = names.length === 0 ? "" : `,"layouts":${JSON.stringify(Object.fromEntries(names))}`;
  const spaces =
    namespaces.size === 0
      ? ""
      : `,"namespaces":[${[...namespaces.values()].map(({ json }) => json).join(",")}]`;
  return `${host},"epoch":${JSON.stringify(epoch)}${named}${spaces}${told},"snapshots":[${snapshots.join(",")}]}`;
}

/** `{"namespace":999,` where there was `{`. */
const INDEX_BYTES = 20;

/** The namespace as the section names it already, or as it would be the next one. */
function namespaceIn({ namespaces }: OpenSection, namespace: WireNamespace): NamedNamespace {
  const key = `${namespace.inode} ${namespace.birth}`;
  return namespaces.get(key) ?? { key, index: namespaces.size, json: JSON.stringify(namespace) };
}

/** Members of a section, each with its comma; of the facts' own, whatever else the object has. */
function encodeFacts({ capabilities, health, goodbye }: SenderFacts): string {
  const members = JSON.stringify({ capabilities, health, goodbye }).slice(1, -1);
  return members === "" ? "" : `,${members}`;
}

function openSection(epoch: QueuedSnapshot["epoch"]): OpenSection {
  return { epoch, layouts: new Map(), namespaces: new Map(), snapshots: [] };
}

function sameEpoch(a: QueuedSnapshot["epoch"], b: QueuedSnapshot["epoch"]): boolean {
  return a === b || (a.boot === b.boot && a.number === b.number);
}
