import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import type { Announcer } from "../live/announcer.ts";
import { minuteOf } from "../rates/minute.ts";
import { shardsBehind } from "../store/detect/state.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Written } from "./detect/incident-writer.ts";
import { judgePeersOfRoles } from "./detect/judge-peers.ts";
import { judgePresence, type PresenceDeps } from "./detect/judge-presence.ts";
import { judgeRoles } from "./detect/judge-roles.ts";
import { type HeldBaselines, type JudgeShardDeps, judgeShard } from "./detect/judge-shard.ts";
import { GRACE_MS } from "./detect/shard-reader.ts";
import type { JobView } from "./queue-backend.ts";
import type { Queues } from "./queues.ts";

const shardJob = z.object({ shard: z.number().int().nonnegative() });
/** Runs of one job before it gives way to the other shards, which it does sooner when they take so long. */
const RUNS = 100;
const GIVE_WAY_MS = 5_000;
/**
 * After a start nobody is called silent for so long: who could not be heard while the service was down has to be
 * heard first.
 */
const FIRST_PRESENCE_MS = 120_000;

export interface DetectJobDeps extends Omit<JudgeShardDeps, "held">, Omit<PresenceDeps, "fleet"> {
  readonly queues: Queues;
  readonly metrics: Metrics;
  readonly announcer: Announcer;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * The `detect` queue. `shard` judges what is new in a shard: its rollup adds one after each run, and `tick` one for
 * each shard with minutes that nobody has judged. `presence` judges who is silent, `roles` the objectives of roles,
 * `peers` who differs from the others of its role. Safe to run twice: what was judged is known by Postgres.
 */
export function detect(deps: DetectJobDeps) {
  const { announcer, metrics, now } = deps;
  const held: HeldBaselines = new Map();
  const startedAt = now();
  return async (job: JobView): Promise<void> => {
    switch (job.name) {
      case "tick":
        return tick(deps);
      case "presence":
        if (now() - startedAt >= FIRST_PRESENCE_MS) tell(deps, await judgePresence(deps, now()));
        return;
      case "roles":
        tell(deps, await judgeRoles(deps, now()));
        return;
      case "peers":
        for (const one of await judgePeersOfRoles(deps, now())) announcer.changed("anomalies", one);
        return;
      case "shard": {
        const payload = shardJob.safeParse(job.data);
        if (!payload.success) {
          throw new SpillwayError("INTERNAL", `detect: not a shard job: ${z.prettifyError(payload.error)}`);
        }
        const { shard } = payload.data;
        const started = performance.now();
        for (let run = 0; run < RUNS && performance.now() - started < GIVE_WAY_MS; run++) {
          const outcome = await judgeShard({ ...deps, held }, shard, now());
          if (outcome.kind === "busy") return;
          metrics.judgedMinutes.inc(outcome.minutes);
          for (const one of outcome.anomalies) announcer.changed("anomalies", one);
          tell(deps, outcome.incidents);
          if (!outcome.more) return;
        }
        return;
      }
      default:
        throw new SpillwayError("INTERNAL", `detect: there is no job called ${job.name}`);
    }
  };
}

/**
 * Adds a job for each of these shards; one that waits already is enough. One that is at work may have read before what
 * there is now: another follows it.
 */
export async function judgeSoon(
  { detect: queue }: Pick<Queues, "detect">,
  shards: readonly number[],
): Promise<void> {
  if (shards.length === 0) return;
  await queue.addBulk(
    shards.map((shard) => ({
      name: "shard",
      data: { shard },
      opts: { deduplication: { id: `shard-${shard}`, keepLastIfActive: true } },
    })),
  );
}

async function tick({ db, queues, now }: DetectJobDeps): Promise<void> {
  await judgeSoon(queues, await shardsBehind(db, minuteOf(now() - GRACE_MS)));
}

/** Tells of what became of incidents: the metrics, the log, and whoever waits for them. */
function tell({ announcer, log, metrics }: DetectJobDeps, { opened, resolved, changed }: Written): void {
  for (const one of changed) announcer.changed("incidents", one);
  metrics.incidents.inc({ transition: "opened" }, opened);
  metrics.incidents.inc({ transition: "resolved" }, resolved);
  if (opened + resolved > 0) log.info({ opened, resolved }, "incidents have changed");
}
