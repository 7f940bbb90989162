import { createHash } from "node:crypto";
import { COUNTER_MAX, type Count, toCount } from "../../protocol/count.ts";
import { layoutHash } from "../../protocol/layout.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { HostSection, WireNamespace, WireSnapshot, WireValue } from "../../protocol/message.ts";
import { ownerOf, type SeriesOwner } from "./owner.ts";
import type { Senders } from "./senders.ts";
import type { SampleSeries } from "./series.ts";

/** What a request comes to. */
export interface SampleSections {
  readonly sections: readonly HostSection[];
  /** Samples of each snapshot, in the order of the sections and their snapshots. */
  readonly samples: readonly number[];
  /** Samples of metrics that are no counters of the catalog, and markers of the end of a series: nothing is kept of them. */
  readonly ignored: number;
  /** Samples that cannot be taken, and the first fault among them. */
  readonly rejected: number;
  readonly fault: string | null;
}

/** How samples came, kept as the label `source` of their hosts. */
export type SampleSource = "remote_write" | "otlp";

interface HostGroup {
  readonly name: string;
  labels: Readonly<Record<string, string>> | null;
  startedAt: number | null;
  /** By what tells containers apart; the host itself under the empty text. */
  readonly namespaces: Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly times: Times }
  >;
}

/** Values by counter, by time. */
type Times = Map<number, Map<string, Count>>;

/** A time that no snapshot can have is told here, before it is put among others. */
const AT_MAX = 8_640_000_000_000_000;

/**
 * Puts series together: what was read of one host at one time is one snapshot. Samples of one host and time that come
 * in several requests are put together in the table (store/fill-snapshots.ts).
 */
export function sectionsOf(
  series: readonly SampleSeries[],
  senders: Senders,
  source: SampleSource,
): SampleSections {
  const hosts = new Map<string, HostGroup>();
  let [ignored, rejected] = [0, 0];
  let fault: string | null = null;
  const reject = (count: number, why: string) => {
    rejected += count;
    if (count > 0) fault ??= why;
  };
  for (const { labels, samples, others } of series) {
    const owner = ownerOf(labels);
    ignored += others;
    if (owner === null) ignored += samples.length;
    else if (typeof owner === "string") reject(samples.length, owner);
    else {
      const times = timesOf(hosts, owner, samples[0]?.startedAt ?? null);
      for (const { at, value, stale } of samples) {
        const count = countOf(value);
        if (stale || (count === null && owner.entry.kind !== "COUNTER")) ignored++;
        else if (count === null)
          reject(
            1,
            `${owner.entry.name} of ${owner.host}: ${value} is no counter, which is a whole number from 0`,
          );
        else if (!(at >= 0 && at <= AT_MAX))
          reject(1, `${owner.entry.name} of ${owner.host}: ${at} is no time in ms since 1970`);
        else {
          const values = times.get(at) ?? new Map<string, Count>();
          times.set(at, values);
          if (values.has(owner.entry.name)) ignored++;
          else values.set(owner.entry.name, count);
        }
      }
    }
  }
  const samples: number[] = [];
  const sections = [...hosts.values()].map((group) => sectionOf(group, senders, samples, source));
  return {
    sections: sections.filter((section) => section.snapshots.length > 0),
    samples,
    ignored,
    rejected,
    fault,
  };
}

function timesOf(hosts: Map<string, HostGroup>, owner: SeriesOwner, startedAt: number | null): Times {
  let host = hosts.get(owner.host);
  if (host === undefined) {
    host = { name: owner.host, labels: null, startedAt: null, namespaces: new Map() };
    hosts.set(owner.host, host);
  }
  if (owner.container === null) {
    host.labels = host.labels === null ? owner.labels : common(host.labels, owner.labels);
    // The newest: a counter that began later than the others began with a later boot.
    if (startedAt !== null) host.startedAt = Math.max(host.startedAt ?? 0, startedAt);
  }
  const key = owner.container ?? "";
  let namespace = host.namespaces.get(key);
  if (namespace === undefined) {
    namespace = { labels: owner.labels, times: new Map() };
    host.namespaces.set(key, namespace);
  }
  return namespace.times;
}

function sectionOf(group: HostGroup, senders: Senders, samples: number[], source: SampleSource): HostSection {
  const id = uuidOf(`host ${group.name}`);
  const namespaces: WireNamespace[] = [];
  const layouts: Record<string, string[]> = {};
  const snapshots: WireSnapshot[] = [];
  for (const [key, { labels, times }] of group.namespaces) {
    if (key !== "" && times.size > 0) namespaces.push(namespaceOf(key, labels));
    for (const [at, values] of [...times].sort(([a], [b]) => a - b)) {
      const names = [...values.keys()].sort();
      const layout = layoutHash(names);
      layouts[layout] ??= names;
      const everyMs = key === "" ? senders.saw(id, at, names) : senders.saw(`${id} ${key}`, at, names);
      snapshots.push({
        at,
        uptimeMs: Math.max(0, at - (group.startedAt ?? 0)),
        everyMs,
        layout,
        values: names.map((name) => wireValue(values.get(name) ?? 0)),
        ...(key === "" ? {} : { namespace: namespaces.length - 1 }),
      });
      samples.push(names.length);
    }
  }
  const capabilities = group.namespaces.has("") ? senders.capabilities(id) : null;
  return {
    id,
    key: createHash("sha256").update(`samples key ${group.name}`).digest("base64url"),
    name: group.name,
    labels: { source, ...cutLabels(group.labels ?? {}) },
    epoch: {
      // One for all time, unless the sender says when the counters began: a reset within it is told by what fell.
      boot: uuidOf(`boot ${group.name} ${group.startedAt ?? ""}`),
      number: 0,
      kernel: "unknown",
      arch: "unknown",
      wordSize: 64,
    },
    layouts,
    ...(namespaces.length === 0 ? {} : { namespaces }),
    snapshots,
    ...(capabilities === null ? {} : { capabilities }),
  };
}

function namespaceOf(key: string, labels: Readonly<Record<string, string>>): WireNamespace {
  const inode = createHash("sha256").update(key).digest().readBigUInt64BE(0).toString();
  const name = labels.pod ?? labels.name ?? labels.container;
  return {
    kind: "container",
    inode,
    birth: 0,
    labels: cutLabels(labels),
    ...(name === undefined ? {} : { name }),
  };
}

/** Labels that both have alike. */
function common(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(a);
  const same = entries.filter(([name, value]) => b[name] === value);
  return same.length === entries.length ? a : Object.fromEntries(same);
}

function cutLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).slice(0, LIMITS.labels - 1));
}

/** A whole number of 64 bits as exact as it came; null for any other value. */
function countOf(value: number | bigint): Count | null {
  if (typeof value === "number" && !Number.isInteger(value)) return null;
  const exact = BigInt(value);
  return exact < 0n || exact > COUNTER_MAX ? null : toCount(exact);
}

function wireValue(count: Count): WireValue {
  return typeof count === "bigint" ? count.toString() : count;
}

/** The same UUID for the same text. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(`samples ${text}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
