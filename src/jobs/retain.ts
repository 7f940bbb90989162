import { SpillwayError } from "../errors.ts";
import type { PrismaClient } from "../store/client.ts";
import { type Forgetting, forgetUnheard } from "../store/forget-hosts.ts";
import { expireIncidents } from "../store/incidents/expire.ts";
import type { Partitions } from "../store/partitions.ts";
import { expireHosts } from "../store/retention/expire-hosts.ts";
import { NamespaceExpiry } from "../store/retention/expire-namespaces.ts";
import {
  type ExpiredPartitions,
  expirePartitions,
  type Waiting,
} from "../store/retention/expire-partitions.ts";
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

/** Each of its steps, whatever becomes of the others. @throws what failed first, when all are done */
async function expire(deps: RetainDeps, namespaces: NamespaceExpiry): Promise<void> {
  const { db, retention, forgetting, log, now } = deps;
  const faults: unknown[] = [];
  const step = (work: () => Promise<unknown>) =>
    work().catch((error: unknown) => {
      faults.push(error);
    });
  await step(async () => {
    const expired = await expirePartitions(db, retention, now());
    faults.push(...expired.faults);
    tellPartitions(deps, expired);
  });
  const rows = await step(() => expireRows(db, retention, now()));
  const incidents = await step(() => expireIncidents(db, retention, now()));
  const ended = await step(() => namespaces.run(retention, now()));
  await step(async () => {
    const hosts = await forgetUnheard(db, forgetting, now());
    if (hosts > 0) log.info({ hosts }, "forgot hosts that were not heard of");
  });
  const gone = await step(() => expireHosts(db, retention, now()));
  log.debug({ rows, incidents, namespaces: ended, hosts: gone }, "deleted rows past their retention");
  for (const err of faults.slice(1)) log.error({ err }, "a part of the retention failed");
  if (faults.length > 0) throw faults[0];
}

/** Tells of partitions that were dropped, and of those that wait. */
function tellPartitions(
  { partitions, log, metrics }: RetainDeps,
  { dropped, waiting }: ExpiredPartitions,
): void {
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
}

const WAITING: Readonly<Record<Waiting["reason"], string>> = {
  unfinished:
    "partitions past their retention stay: minutes or hours that need them are not rolled up; see the rollup jobs",
  locked: "partitions past their retention stay until the next run: a query that reads them has not ended",
};
const REASONS = Object.keys(WAITING) as Waiting["reason"][];
