import { createHash } from "node:crypto";
import { START_TIME } from "../../catalog/catalog.ts";
import { COUNTER_MAX, type Count, toCount } from "../../protocol/count.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { HostSection, WireNamespace, WireSnapshot, WireValue } from "../../protocol/message.ts";
import { storable } from "../../store/storable.ts";
import { type HostGroup, HostGroups, type Reading } from "./host-groups.ts";
import { Owners } from "./owner.ts";
import { Senders } from "./senders.ts";
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

/** What whoever sent samples may say. What they may not is refused, and changes nothing that is known of a host. */
export interface SenderBounds {
  /** Whether they may tell of a host of this name. */
  readonly allowsHost?: (host: string) => boolean;
  /** No sample is taken that is later, ms since 1970. */
  readonly latest?: number;
}

/** The latest time that there is. */
const AT_MAX = 8_640_000_000_000_000;

/**
 * Puts series together: what was read of one host at one time is one snapshot. Samples of one host and time that come
 * in several requests are put together in the table (store/fill-snapshots.ts).
 */
export function sectionsOf(
  series: readonly SampleSeries[],
  senders: Senders,
  source: SampleSource,
  { allowsHost = () => true, latest = AT_MAX }: SenderBounds = {},
): SampleSections {
  const groups = new HostGroups();
  const owners = new Owners();
  let [ignored, rejected] = [0, 0];
  let fault: string | null = null;
  const reject = (count: number, why: string) => {
    rejected += count;
    if (count > 0) fault ??= why;
  };
  for (const one of series) {
    const { samples, others } = one;
    const owner = owners.of(one);
    ignored += others;
    if (owner === null) ignored += samples.length;
    else if (typeof owner === "string") reject(samples.length, owner);
    else {
      const { entry, place } = owner;
      for (const { at, value, stale, startedAt } of samples) {
        const count = countOf(value);
        if (stale || (count === null && entry.kind !== "COUNTER")) ignored++;
        else if (count === null)
          reject(1, `${entry.name} of ${place.host}: ${value} is no counter, which is a whole number from 0`);
        else if (!(at >= 0 && at <= latest)) reject(1, `${entry.name} of ${place.host}: ${faultOf(at)}`);
        else {
          groups.open(place);
          groups.add(at, entry.name, count, entry.kind === "GAUGE" ? null : startedAt);
        }
      }
    }
  }
  const samples: number[] = [];
  const strangers = new Senders();
  const sections = [...groups.all()].map((group) =>
    sectionOf(group, allowsHost(group.name) ? senders : strangers, samples, source),
  );
  return {
    sections: sections.filter((section) => section.snapshots.length > 0),
    samples,
    ignored,
    rejected,
    fault,
  };
}

function sectionOf(group: HostGroup, senders: Senders, samples: number[], source: SampleSource): HostSection {
  const { id, key: hostKey, boot } = senders.host(group.name);
  const namespaces: WireNamespace[] = [];
  const layouts: Record<string, readonly string[]> = {};
  const snapshots: WireSnapshot[] = [];
  let newest = 0;
  for (const [key, { labels, times }] of group.namespaces) {
    if (key !== "" && times.size > 0) namespaces.push(namespaceOf(key, labels));
    for (const [at, reading] of [...times].sort(([a], [b]) => a - b)) {
      const made = tellStart(reading);
      const { hash: layout, names, places } = senders.layouts.of(reading.names);
      if (senders.layouts.isNew(layout)) layouts[layout] = names;
      const everyMs = key === "" ? senders.saw(id, at, names) : senders.sawContainer(id, key, at, names);
      snapshots.push({
        at,
        // Of the epoch that there is for all time.
        uptimeMs: at,
        everyMs,
        layout,
        values: places.map((place) => wireValue(reading.counts[place] ?? 0)),
        ...(key === "" ? {} : { namespace: namespaces.length - 1 }),
      });
      samples.push(names.length - made);
      if (key === "") newest = at;
    }
  }
  const capabilities = senders.capabilities(id);
  const labels = group.labels === null ? null : { source, ...cutLabels(group.labels) };
  return {
    id,
    key: hostKey,
    name: group.name,
    ...(labels === null ? {} : { labels: senders.labels.of(id, labels, newest) }),
    epoch: { boot, number: 0, kernel: "unknown", arch: "unknown", wordSize: 64 },
    ...(Object.keys(layouts).length === 0 ? {} : { layouts }),
    ...(namespaces.length === 0 ? {} : { namespaces }),
    snapshots,
    ...(capabilities === null ? {} : { capabilities }),
  };
}

/**
 * Has a reading say in a value when the oldest of its counters began: one that is first added to later began no later
 * boot.
 *
 * @returns how many values it has that did not come
 */
function tellStart({ names, counts, startedAt }: Reading): number {
  if (startedAt === null) return 0;
  names.push(START_TIME);
  counts.push(Math.floor(startedAt / 1_000));
  return 1;
}

function namespaceOf(key: string, labels: Readonly<Record<string, string>>): WireNamespace {
  const inode = createHash("sha256").update(key).digest().readBigUInt64BE(0).toString();
  const name = labels.pod ?? labels.name ?? labels.container;
  return {
    kind: "container",
    inode,
    birth: 0,
    labels: cutLabels(labels),
    ...(name === undefined ? {} : { name: storable(name.slice(0, LIMITS.hostNameLength)) }),
  };
}

function cutLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).slice(0, LIMITS.labels - 1));
}

/** What is wrong with a time that is not taken. */
function faultOf(at: number): string {
  if (!(at >= 0 && at <= AT_MAX)) return `${at} is no time in ms since 1970`;
  return `${new Date(at).toISOString()} is ahead of the service's clock: set the clock of whoever scrapes it`;
}

/** A whole number of 64 bits as exact as it came; null for any other value. */
function countOf(value: number | bigint): Count | null {
  if (typeof value === "number" && value >= 0 && Number.isSafeInteger(value)) return value;
  if (typeof value === "number" && !Number.isInteger(value)) return null;
  const exact = BigInt(value);
  return exact < 0n || exact > COUNTER_MAX ? null : toCount(exact);
}

function wireValue(count: Count): WireValue {
  return typeof count === "bigint" ? count.toString() : count;
}
