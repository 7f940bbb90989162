import type { Announcer } from "../live/announcer.ts";
import type { LiveBus } from "../live/bus.ts";
import type { LiveKind } from "../live/events.ts";
import { SharedFeeds } from "../live/feeds.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { Logger } from "../telemetry/log.ts";
import type { AnomalyShape } from "./anomaly.ts";
import type { SeriesShape } from "./series.ts";

/** How subscriptions learn of changes, and how resolvers tell of theirs. */
export interface Live {
  readonly announcer: Announcer;
  readonly trends: SharedFeeds<readonly SeriesShape[]>;
  readonly incidents: SharedFeeds<readonly IncidentRecord[]>;
  readonly anomalies: SharedFeeds<readonly AnomalyShape[]>;
  /** Ends every subscription. */
  close(): void;
}

interface LiveDeps {
  readonly announcer: Announcer;
  readonly bus: LiveBus;
  readonly log: Logger;
  /** Called for each look for what is new. */
  readonly onLook: () => void;
}

export function openLive({ announcer, ...deps }: LiveDeps): Live {
  const feedsOf = <T>(kind: LiveKind) => new SharedFeeds<T>({ ...deps, kind });
  const trends = feedsOf<readonly SeriesShape[]>("rolledUp");
  const incidents = feedsOf<readonly IncidentRecord[]>("incidents");
  const anomalies = feedsOf<readonly AnomalyShape[]>("anomalies");
  return {
    announcer,
    trends,
    incidents,
    anomalies,
    close: () => {
      for (const feeds of [trends, incidents, anomalies]) feeds.close();
    },
  };
}
