import { SpillwayError } from "../errors.ts";
import type { PrismaClient } from "../store/client.ts";
import { type Forgetting, forgetUnheard } from "../store/forget-hosts.ts";
import { expireIncidents } from "../store/incidents/expire.ts";
import type { Partitions } from "../store/partitions.ts";
import { expireHosts } from "../store/retention/expire-hosts.ts";
import { NamespaceExpiry } from "../store/retention/expire-namespaces.ts";
import { expirePartitions, type Waiting } from "../store/retention/expire-partitions.ts";
import { expireRows } from "../store/retention/expire-rows.ts";
import type { Retention } from "../store/retention/policy.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { JobView } from "./queue-backend.ts";

export interface RetainDeps {
  readonly db: PrismaClient;
  readonly partitions: Partitions;
  readonly retention: Retention;
  readonly forgetting: Forgetting;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/**
 * The `retain` queue. `make-partitions` makes those that will be written soon; `expire` drops what is past its
 * retention and forgets hosts that were not heard of. Both are safe to run twice, at once, and to die at any point.
 */
export function retain(deps: RetainDeps): (job: JobView) => Promise<void> {
  const namespaces = new NamespaceExpiry(deps.db);
  return async ({ name }) => {
    switch (name) {
      case "make-partitions":
        deps.partitions.forget();
        return deps.partitions.makeAhead(deps.db, deps.now());
      case "expire":
        return expire(deps, namespaces);
      default:
        throw new SpillwayError("INTERNAL", `retain: there is no job ${name}`);
    }
  };
}

async function expire(deps: RetainDeps, namespaces: NamespaceExpiry): Promise<void> {
  const { db, partitions, retention, forgetting, log, metrics, now } = deps;
  const { dropped, waiting } = await expirePartitions(db, retention, now());
  if (dropped.length > 0) {
    partitions.forget();
    for (const { table } of dropped) metrics.retentionDropped.inc({ table });
    log.info({ partitions: dropped.map(({ name }) => name) }, "dropped partitions past their retention");
  }
  for (const reason of REASONS) {
    const names = waiting.filter((one) => one.reason === reason).map(({ partition }) => partition.name);
    metrics.retentionWaiting.set({ reason }, names.length);
    if (names.length > 0) log.warn({ partitions: names }, WAITING[reason]);
  }
  const rows = {
    ...(await expireRows(db, retention, now())),
    ...(await expireIncidents(db, retention, now())),
  };
  const ended = await namespaces.run(retention, now());
  const forgotten = await forgetUnheard(db, forgetting, now());
  if (forgotten > 0) log.info({ hosts: forgotten }, "forgot hosts that were not heard of");
  const gone = await expireHosts(db, retention, now());
  log.debug({ rows, namespaces: ended, hosts: gone }, "deleted rows past their retention");
}

const WAITING: Readonly<Record<Waiting["reason"], string>> = {
  unfinished:
    "partitions past their retention stay: minutes or hours that need them are not rolled up; see the rollup jobs",
  locked: "partitions past their retention stay until the next run: a query that reads them has not ended",
};
const REASONS = Object.keys(WAITING) as Waiting["reason"][];
