import DataLoader from "dataloader";
import { counterEntry } from "../catalog/catalog.ts";
import type { PrismaClient } from "../store/client.ts";
import type { FleetView } from "../store/fleet-view.ts";
import type { Forgetting } from "../store/forget-hosts.ts";
import { lastSnapshotAt } from "../store/history/newest.ts";
import type { SnapshotReader } from "../store/history/snapshot-reader.ts";
import { UnreadableError, withoutUnreadable } from "../store/history/unreadable.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { LayoutCache } from "../store/layouts.ts";
import { type Namespace, namespacesOf } from "../store/namespaces.ts";
import type { AttributedListener } from "../store/queries/attribution.ts";
import type { LabelsOverTime } from "../store/queries/groups.ts";
import { type ListenerRecord, readOpenListeners } from "../store/queries/listeners.ts";
import type { StorageView } from "../store/storage/storage-view.ts";
import type { Actor } from "../store/tokens.ts";
import type { OwnListenerState } from "../telemetry/own-listener.ts";
import { AnswerBudget } from "./answer-budget.ts";
import type { DrillRunner } from "./drill-shape.ts";
import { type EventShape, incidentEventLoader } from "./event-lookup.ts";
import { type HandshakeLoader, handshakeLoader } from "./handshake-loader.ts";
import { type HostSeriesLoader, hostSeriesLoader } from "./host-series-loader.ts";
import { type IncidentLoaders, incidentLoaders } from "./incident-loaders.ts";
import { attributionLoader, peakFillLoader } from "./listener-loaders.ts";
import type { Live } from "./live.ts";
import type { ReceiverDirectory } from "./receiver-directory.ts";
import { type AskedCounter, knownCounter } from "./resolve-counter.ts";

/** What the service says of itself; the composition root knows it. */
export interface SystemFacts {
  readonly version: string;
  readonly roles: readonly string[];
  readonly startedAt: number;
  /** True of a demo. */
  readonly simulated: boolean;
  /** Where other machines reach the service; null while it listens on loopback only. */
  readonly reachableUrl: () => string | null;
  readonly embeddedDatabase: boolean;
  readonly queueBackend: "redis" | "postgres";
  readonly queueCounts: () => Promise<Readonly<Record<string, number>>>;
  /** Null where the kernel does not show it. */
  readonly ownListener: () => Promise<OwnListenerState | null>;
  readonly rawRetentionMs: number;
  readonly forgetting: Forgetting;
}

/** What resolvers read from; one for the life of the service. */
export interface Sources {
  readonly db: PrismaClient;
  readonly reader: SnapshotReader;
  readonly fleet: FleetView;
  readonly system: SystemFacts;
  readonly storage: StorageView;
  readonly live: Live;
  readonly receivers: ReceiverDirectory;
  /** The labels that hosts had over time; by default those that they have now, for all time. */
  readonly labelsOver?: () => Promise<LabelsOverTime>;
  /** Makes drills; left out where none can be made. */
  readonly drills?: DrillRunner | null;
  /** Where people reach the service, for links; by default they are paths. */
  readonly publicUrl?: () => string;
  /** ms since 1970 */
  readonly now: () => number;
}

/** One for each request. */
export interface Context extends Sources {
  readonly actor: Actor;
  readonly layouts: LayoutCache;
  readonly budget: AnswerBudget;
  /** Namespaces of a host, by host id. */
  readonly namespaces: DataLoader<number, Namespace[]>;
  /** When a namespace was last read, by its id; null before its first snapshot. */
  readonly lastSnapshot: DataLoader<number, number | null>;
  /** The open listeners of a namespace, by its id. */
  readonly listeners: DataLoader<number, ListenerRecord[]>;
  /** The peak fill of a namespace's listeners in a range, by `rangeKey` and then by `listenerKey`. */
  readonly peakFill: DataLoader<string, ReadonlyMap<string, number>>;
  /** What is put down to them, likewise. */
  readonly attributions: DataLoader<string, ReadonlyMap<string, AttributedListener>>;
  readonly handshakes: HandshakeLoader;
  readonly hostSeries: HostSeriesLoader;
  /** Counters by their full names: fifty hosts that are asked for one look it up once. */
  readonly counters: DataLoader<string, AskedCounter>;
  readonly incidents: IncidentLoaders;
  /** What happened around an incident, the newest first. */
  readonly incidentEvents: DataLoader<IncidentRecord, EventShape[]>;
}

export function createContext(sources: Sources, actor: Actor): Context {
  const budget = new AnswerBudget();
  const incidents = incidentLoaders(sources);
  return {
    ...sources,
    actor,
    layouts: sources.reader.layouts,
    budget,
    namespaces: new DataLoader(async (hostIds: readonly number[]) => {
      const byHost = new Map<number, Namespace[]>(hostIds.map((id) => [id, []]));
      for (const row of await namespacesOf(sources.db, hostIds)) byHost.get(row.hostId)?.push(row);
      return hostIds.map((id) => byHost.get(id) ?? []);
    }),
    lastSnapshot: new DataLoader(async (ids: readonly number[]) => {
      const at = await lastSnapshotAt(sources.db, ids, sources.now());
      return ids.map((id) => at.get(id) ?? null);
    }),
    // One that cannot be read keeps no other of its page from being shown.
    listeners: new DataLoader<number, ListenerRecord[]>((ids) =>
      withoutUnreadable(async (without) => {
        const byNamespace = new Map<number, ListenerRecord[]>(ids.map((id) => [id, []]));
        const readable = ids.filter((id) => !without.has(id));
        for (const one of await readOpenListeners(sources.db, readable, sources.now())) {
          byNamespace.get(one.namespaceId)?.push(one);
        }
        return ids.map((id) => {
          const why = without.get(id);
          return why === undefined ? (byNamespace.get(id) ?? []) : new UnreadableError([why]);
        });
      }),
    ),
    peakFill: peakFillLoader(sources, budget),
    attributions: attributionLoader(sources, budget),
    handshakes: handshakeLoader(sources, budget),
    incidents,
    incidentEvents: incidentEventLoader(sources, incidents.members),
    hostSeries: hostSeriesLoader(sources),
    counters: new DataLoader((names: readonly string[]) =>
      Promise.all(names.map((name) => knownCounter(sources, counterEntry(name)))),
    ),
  };
}
