import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The service's own metrics, in one registry of its own so that several services can live in one process. */
export class Metrics {
  readonly registry = new Registry();

  readonly ingestPushes = new Counter({
    name: "spillway_ingest_pushes_total",
    help: "Pushes answered, by HTTP status.",
    labelNames: ["status"],
    registers: [this.registry],
  });
  readonly remoteWrites = new Counter({
    name: "spillway_remote_writes_total",
    help: "Remote writes answered, by HTTP status.",
    labelNames: ["status"],
    registers: [this.registry],
  });
  readonly otlpRequests = new Counter({
    name: "spillway_otlp_requests_total",
    help: "Requests of OTLP metrics answered, by HTTP status.",
    labelNames: ["status"],
    registers: [this.registry],
  });
  readonly ingestSnapshots = new Counter({
    name: "spillway_ingest_snapshots_total",
    help: "Snapshots answered, by result and fault code.",
    labelNames: ["result", "code"],
    registers: [this.registry],
  });
  readonly ingestCommit = new Histogram({
    name: "spillway_ingest_commit_seconds",
    help: "Time of one group commit.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
  readonly ingestPendingRows = new Gauge({
    name: "spillway_ingest_pending_rows",
    help: "Snapshots waiting for a commit.",
    registers: [this.registry],
  });
  readonly ingestWaitingPushes = new Gauge({
    name: "spillway_ingest_waiting_pushes",
    help: "Pushes that wait to be read, unread, as of the last push: many when a whole fleet is new at once.",
    registers: [this.registry],
  });
  readonly jobDuration = new Histogram({
    name: "spillway_job_duration_seconds",
    help: "Time of one job.",
    // Not "job", which Prometheus gives to every target, and would rename.
    labelNames: ["queue", "name", "outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  readonly jobLastSuccess = new Gauge({
    name: "spillway_job_last_success_timestamp_seconds",
    help: "When a job of this name last succeeded.",
    labelNames: ["queue", "name"],
    registers: [this.registry],
  });
  readonly rollupSnapshots = new Counter({
    name: "spillway_rollup_snapshots_total",
    help: "Snapshots read by rollups; a minute rolled up twice counts twice.",
    registers: [this.registry],
  });
  readonly dataProblems = new Counter({
    name: "spillway_data_problems_total",
    help: "Increases that could not be told: of a counter that fell, of a namespace under whose key another has come, of a snapshot whose uptime had not grown. A minute rolled up twice counts twice.",
    labelNames: ["problem"],
    registers: [this.registry],
  });
  readonly judgedMinutes = new Counter({
    name: "spillway_judged_minutes_total",
    help: "Minutes of shards that detection has judged for good.",
    registers: [this.registry],
  });
  readonly incidents = new Counter({
    name: "spillway_incidents_total",
    help: "Incidents that detection opened, or opened again, and resolved.",
    labelNames: ["transition"],
    registers: [this.registry],
  });
  readonly notifications = new Counter({
    name: "spillway_notifications_total",
    help: "Attempts at deliveries, by receiver and outcome: delivered, retried later, or given_up.",
    labelNames: ["receiver", "outcome"],
    registers: [this.registry],
  });
  readonly notificationsOldestPending = new Gauge({
    name: "spillway_notifications_oldest_pending_seconds",
    help: "Age of the oldest delivery to a receiver in force that is neither delivered nor given up; 0 when there is none.",
    registers: [this.registry],
  });
  readonly setAside = new Counter({
    name: "spillway_set_aside_total",
    help: "Times that something stored could not be read and was left out of the rollups, by reason. What is tried again and fails again does not count again.",
    labelNames: ["reason"],
    registers: [this.registry],
  });
  readonly setAsideHours = new Gauge({
    name: "spillway_set_aside_hours",
    help: "Hours of namespaces that are not, or not wholly, rolled up because something stored cannot be read; 0 when all is well.",
    registers: [this.registry],
  });
  readonly retentionDropped = new Counter({
    name: "spillway_retention_dropped_partitions_total",
    help: "Partitions dropped because all of their rows were past their retention.",
    labelNames: ["table"],
    registers: [this.registry],
  });
  readonly retentionWaiting = new Gauge({
    name: "spillway_retention_waiting_partitions",
    help: "Partitions past their retention that stay, as of the last run: unfinished, rollups need them; locked, a query reads them.",
    labelNames: ["reason"],
    registers: [this.registry],
  });
  readonly compactedSnapshots = new Counter({
    name: "spillway_compacted_snapshots_total",
    help: "Snapshots packed into compacted hours; a shard that is packed twice counts twice.",
    registers: [this.registry],
  });
  readonly compactedBytes = new Counter({
    name: "spillway_compacted_bytes_total",
    help: "Bytes of the compacted hours that snapshots were packed into.",
    registers: [this.registry],
  });
  readonly mergedSnapshots = new Counter({
    name: "spillway_merged_snapshots_total",
    help: "Late snapshots folded into compacted hours.",
    registers: [this.registry],
  });
  readonly liveSockets = new Gauge({
    name: "spillway_live_sockets",
    help: "WebSockets open for subscriptions.",
    registers: [this.registry],
  });
  readonly liveSubscriptions = new Gauge({
    name: "spillway_live_subscriptions",
    help: "Subscriptions open on them.",
    registers: [this.registry],
  });
  readonly liveLooks = new Counter({
    name: "spillway_live_looks_total",
    help: "Looks for what is new for subscriptions; those that ask the same share one.",
    registers: [this.registry],
  });
  readonly liveSocketsClosed = new Counter({
    name: "spillway_live_sockets_closed_total",
    help: "WebSockets closed, by code: 1013 was too slow, 4401 and 4403 were not let in or no longer.",
    labelNames: ["code"],
    registers: [this.registry],
  });

  readonly certificateExpiry = new Gauge({
    name: "spillway_tls_certificate_expiry_timestamp_seconds",
    help: "When the certificate that clients are shown ends; not told by a process that shows none.",
    registers: [this.registry],
  });

  constructor() {
    // Its first value, 0, would be a certificate that ended long ago.
    this.certificateExpiry.remove();
    collectDefaultMetrics({ register: this.registry, prefix: "spillway_" });
  }
}
