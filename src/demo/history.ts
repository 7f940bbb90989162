/**
 * The history of a simulated fleet, written as it would have come: by the code of ingest, rolled up and judged by that
 * of the workers, a stretch of time after the other, each at its own time. So nothing of what is shown is made up but
 * what the hosts did.
 */
import { isEventCounter } from "../catalog/catalog.ts";
import { DEFAULT_SETTINGS } from "../detect/settings.ts";
import { SpillwayError } from "../errors.ts";
import type { AcceptDeps } from "../ingest/snapshots/accept.ts";
import { planPush, storePush } from "../ingest/snapshots/accept.ts";
import { judgePresence } from "../jobs/detect/judge-presence.ts";
import { type HeldBaselines, judgeShard } from "../jobs/detect/judge-shard.ts";
import type { Push } from "../protocol/message.ts";
import type { PrismaClient } from "../store/client.ts";
import { FleetView } from "../store/fleet-view.ts";
import type { Forgetting } from "../store/forget-hosts.ts";
import { SnapshotReader } from "../store/history/snapshot-reader.ts";
import { LayoutCache } from "../store/layouts.ts";
import { Partitions } from "../store/partitions.ts";
import { rollUpShard } from "../store/rollup/roll-up-shard.ts";
import { markedShards } from "../store/rollup/shards.ts";
import type { TokenActor } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Fault } from "./faults.ts";
import { MINUTE_MS } from "./fleet.ts";
import { historyEveryMs, type SimulatedHost } from "./host.ts";
import { pushesOf } from "./push.ts";

/** Time that is written, rolled up and judged at once; detection looks back no further than an hour. */
export const STRETCH_MS = 30 * MINUTE_MS;

export interface HistoryDeps {
  readonly db: PrismaClient;
  readonly log: Logger;
  /** Those of ingest, whose clock is set here. */
  readonly ingest: Omit<AcceptDeps, "now">;
  readonly forgetting: Pick<Forgetting, "ephemeral">;
  readonly roleLabels: readonly string[];
  /** True once it is to end, done or not. */
  readonly stopping: () => boolean;
}

export interface History {
  readonly hosts: readonly SimulatedHost[];
  readonly faultsOf: ReadonlyMap<number, readonly Fault[]>;
  readonly startMs: number;
  readonly endMs: number;
  /** Called at the end of each stretch: what people do then. */
  readonly then: (now: number) => Promise<void>;
}

/** What pushes of the history are sent with. */
const SENDER: TokenActor = {
  kind: "system",
  id: null,
  name: "demo",
  scopes: ["ingest"],
  hostPattern: null,
  forcedLabels: {},
};

/**
 * @returns how many snapshots were written
 * @throws INTERNAL when one is not stored
 */
export async function writeHistory(deps: HistoryDeps, history: History): Promise<number> {
  const clock = { now: history.startMs };
  const ingest: AcceptDeps = { ...deps.ingest, now: () => clock.now };
  const workers = workersOf(deps, clock);
  let snapshots = 0;
  while (clock.now < history.endMs && !deps.stopping()) {
    clock.now = Math.min(clock.now + STRETCH_MS, history.endMs);
    const sections = history.hosts.flatMap((host) => {
      const everyMs = historyEveryMs(history.faultsOf.get(host.facts.index) ?? []);
      const section = host.advance(clock.now, everyMs);
      return section === null ? [] : [{ section, agentVersion: host.facts.agentVersion }];
    });
    snapshots += await store(ingest, pushesOf(sections, clock.now));
    await ingest.presence.flush();
    await workers.run();
    await history.then(clock.now);
  }
  await judgePresence({ ...deps, fleet: workers.fleet, settings }, clock.now);
  return snapshots;
}

/** All at once, so that they are committed together. */
async function store(ingest: AcceptDeps, pushes: readonly Push[]): Promise<number> {
  const answers = await Promise.all(
    pushes.map(async (push) => storePush(ingest, await planPush(ingest, SENDER, push))),
  );
  const results = answers.flat();
  const refused = results.find(({ status }) => status !== "stored");
  if (refused === undefined) return results.length;
  throw new SpillwayError("INTERNAL", `a simulated snapshot is ${JSON.stringify(refused)}`);
}

/** Nothing else is asked of simulated hosts. */
const settings = () => DEFAULT_SETTINGS;

/** Rolls up and judges as the workers of the service do, by a clock of its own. */
function workersOf(deps: HistoryDeps, clock: { readonly now: number }) {
  const { db, log, roleLabels } = deps;
  const reader = new SnapshotReader(new LayoutCache());
  const fleet = new FleetView(db, () => clock.now);
  const held: HeldBaselines = new Map();
  const rollup = { db, reader, partitions: new Partitions(), isEventCounter };
  const judging = { db, reader, fleet, held, roleLabels, log, settings };
  return {
    fleet,
    run: async () => {
      for (const shard of await markedShards(db)) {
        await untilDone(() => rollUpShard(rollup, shard, clock.now));
        await untilDone(() => judgeShard(judging, shard, clock.now));
      }
    },
  };
}

async function untilDone(
  run: () => Promise<{ readonly kind: "busy" } | { readonly kind: "done"; readonly more: boolean }>,
): Promise<void> {
  for (;;) {
    const outcome = await run();
    if (outcome.kind === "busy" || !outcome.more) return;
  }
}
