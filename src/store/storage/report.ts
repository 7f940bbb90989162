import { formatDuration } from "../../protocol/duration.ts";
import { PARTITION_MS, type PartitionedTable } from "../partitions.ts";
import { type Retention, retentionOf } from "../retention/policy.ts";
import { exceeds, formatBytes, growthOf, sumKnown, whenFull } from "./forecast.ts";
import type { BytesPerSample } from "./samples.ts";
import type { StorageFacts, StoredTable, UnreadableStorage } from "./tables.ts";

/** What the service keeps, in the order in which it is made. */
export const RESOLUTIONS = [
  "raw",
  "compacted",
  "minutes",
  "hours",
  "gauges",
  "listeners",
  "facts",
  "queue",
] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export interface StorageOfResolution {
  readonly name: Resolution;
  /** On disk now, with indexes. */
  readonly bytes: number;
  /** The time its rows are of, to the partition; ms since 1970. Null when there are none, and for facts and queue. */
  readonly oldest: number | null;
  readonly newest: number | null;
  /** Null for what has none; of gauges that of their hours. */
  readonly retentionMs: number | null;
  /** Growth at the present rate; null when it cannot be told yet, and for what does not grow by the day. */
  readonly bytesPerDay: number | null;
  /** When its retention is full, at the present rate; null when that cannot be told yet. */
  readonly bytesWhenFull: number | null;
  /** For one value of one counter; null when it cannot be told, and for what is not made of samples. */
  readonly bytesPerSample: number | null;
  /** The forecast as a sentence. */
  readonly summary: string;
}

export interface StorageReport {
  /** ms since 1970 */
  readonly at: number;
  readonly bytes: number;
  readonly bytesPerDay: number | null;
  readonly bytesWhenFull: number | null;
  /** On the disk of the data; null when the service cannot see it. */
  readonly freeBytes: number | null;
  /** More is to come than is free; null when either is unknown. */
  readonly exceedsDisk: boolean | null;
  /** Heard of within the last hour: the forecast is for these. */
  readonly hosts: number;
  readonly unreadable: UnreadableStorage;
  readonly resolutions: readonly StorageOfResolution[];
}

export interface ReportInput {
  readonly tables: readonly StoredTable[];
  readonly facts: StorageFacts;
  readonly samples: BytesPerSample;
  readonly retention: Retention;
  /** Snapshots stay raw for so long; null when they are never compacted. */
  readonly compactAfterMs: number | null;
  readonly freeBytes: number | null;
  /** ms since 1970 */
  readonly now: number;
}

/** The partitioned tables of each resolution; the first says how long it is kept. */
export const TABLES_OF: Readonly<Record<Resolution, readonly PartitionedTable[]>> = {
  raw: ["snapshot", "snapshot_late"],
  compacted: ["snapshot_hour"],
  minutes: ["rollup_minute", "coverage"],
  hours: ["rollup_hour", "coverage_hour"],
  gauges: ["gauge_hour", "gauge_minute"],
  listeners: ["listener_minute"],
  facts: [],
  queue: [],
};

/** Tables that are no partitions; any other of their schema is of `facts`, or of the queue. */
const OF_NAME: Readonly<Record<string, Resolution>> = {
  "ts.compaction": "compacted",
  "ts.compacted_hour": "compacted",
  "ts.mark": "queue",
  "ts.hour_mark": "queue",
  "ts.set_aside": "queue",
  "public.listener": "listeners",
};

const CALLED: Readonly<Record<Resolution, string>> = {
  raw: "raw snapshots",
  compacted: "compacted snapshots",
  minutes: "minutes",
  hours: "hours",
  gauges: "gauges",
  listeners: "listeners",
  facts: "hosts, namespaces and settings",
  queue: "marks and jobs",
};

/** What each resolution takes and will take, from what the server's catalog says. */
export function storageReport(input: ReportInput): StorageReport {
  const { tables, facts, freeBytes, now } = input;
  const resolutions = RESOLUTIONS.map((name) => resolutionOf(name, input));
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const bytesWhenFull = sumKnown(resolutions.map((one) => one.bytesWhenFull));
  return {
    at: now,
    bytes,
    bytesPerDay: sumKnown(
      resolutions.filter(({ retentionMs }) => retentionMs !== null).map((one) => one.bytesPerDay),
    ),
    bytesWhenFull,
    freeBytes,
    exceedsDisk: exceeds(bytes, bytesWhenFull, freeBytes),
    hosts: facts.hosts,
    unreadable: facts.unreadable,
    resolutions,
  };
}

function resolutionOf(name: Resolution, input: ReportInput): StorageOfResolution {
  const { now } = input;
  const own = input.tables.filter((table) => resolutionOfTable(table) === name);
  const bytes = own.reduce((sum, table) => sum + table.bytes, 0);
  const parents = TABLES_OF[name];
  const [first] = parents;
  if (first === undefined) {
    const summary = `${CALLED[name]} take ${formatBytes(bytes)}, and grow with the fleet and not by the day`;
    return {
      name,
      bytes,
      oldest: null,
      newest: null,
      retentionMs: null,
      bytesPerDay: null,
      bytesWhenFull: bytes,
      bytesPerSample: null,
      summary,
    };
  }
  const forecasts = parents.map((parent) => forecastOf(parent, input));
  const spans = own.filter(({ filled }) => filled).flatMap(({ partition }) => partition ?? []);
  const past = spans.filter(({ lower }) => lower < now);
  const retentionMs = keptFor(first, input);
  const unpartitioned = own.filter(({ partition }) => partition === null);
  const growing = sumKnown(forecasts.map((one) => one.bytesWhenFull));
  const bytesWhenFull =
    growing === null ? null : growing + unpartitioned.reduce((sum, table) => sum + table.bytes, 0);
  return {
    name,
    bytes,
    oldest: past.length === 0 ? null : Math.min(...past.map(({ lower }) => lower)),
    newest: past.length === 0 ? null : Math.min(now, Math.max(...past.map(({ upper }) => upper))),
    retentionMs,
    bytesPerDay: sumKnown(forecasts.map((one) => one.bytesPerDay)),
    bytesWhenFull,
    bytesPerSample: name === "raw" || name === "compacted" ? input.samples[name] : null,
    summary:
      bytesWhenFull === null
        ? `what ${formatDuration(retentionMs)} of ${CALLED[name]} will take cannot be told yet`
        : `${formatDuration(retentionMs)} of ${CALLED[name]} will take ${formatBytes(bytesWhenFull)} at this rate`,
  };
}

function resolutionOfTable({ schema, name, partition }: StoredTable): Resolution {
  const of = RESOLUTIONS.find((one) => partition !== null && TABLES_OF[one].includes(partition.table));
  if (of !== undefined) return of;
  return OF_NAME[`${schema}.${name}`] ?? (schema === "bullmq" ? "queue" : "facts");
}

function forecastOf(parent: PartitionedTable, input: ReportInput) {
  const { tables, facts, now } = input;
  const measured = tables.flatMap(({ partition, filled, bytes }) =>
    partition?.table === parent && filled ? { ...partition, bytes } : [],
  );
  const bytesPerDay = facts.since === null ? null : growthOf(measured, facts.since, now);
  return {
    bytesPerDay,
    bytesWhenFull:
      bytesPerDay === null ? null : whenFull(bytesPerDay, keptFor(parent, input), PARTITION_MS[parent]),
  };
}

/** How long rows stay in a table: snapshots leave theirs when they are compacted. */
function keptFor(parent: PartitionedTable, { retention, compactAfterMs }: ReportInput): number {
  const retentionMs = retentionOf(parent, retention);
  return parent === "snapshot" && compactAfterMs !== null
    ? Math.min(compactAfterMs, retentionMs)
    : retentionMs;
}
