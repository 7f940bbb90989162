/** A fleet and the jobs of a service, minute by minute: from snapshots to what far ends are asked. */
import { DEFAULT_SETTINGS } from "../../src/detect/settings.ts";
import { detect } from "../../src/jobs/detect.ts";
import type { Queues } from "../../src/jobs/queues.ts";
import { Announcer } from "../../src/live/announcer.ts";
import type { ReceiversConfig } from "../../src/notify/config/receivers-file.ts";
import type { Store } from "../../src/store/client.ts";
import { SHARD_SIZE } from "../../src/store/codec/positions.ts";
import { registerEpoch } from "../../src/store/epochs.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { touchHosts } from "../../src/store/host-status.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { append, INTERVAL_MS, type ListenerMoves, type Moves, MovingHost } from "./detection.ts";
import { newMember, T0, type TestMember } from "./incidents.ts";
import { TestNotifier } from "./notifying.ts";
import { worker } from "./rollups.ts";

const MINUTE_MS = 60_000;
const PER_MINUTE = MINUTE_MS / INTERVAL_MS;
/** What a judgement of a shard may take on a machine that is busy: far ends are told meanwhile. */
const JUDGED_IN_MS = 3_000;
/** Made at once: one after the other they take long. */
const AT_ONCE = 5;

export interface FleetHost extends TestMember {
  readonly epochId: number;
}

/**
 * Hosts of a role, so many of them in a shard: what is judged in one transaction is of that size, and in a fleet that
 * grew over years the hosts of a role are in many.
 */
export async function fleetOf(
  { db }: Store,
  names: readonly string[],
  labels: Readonly<Record<string, string>>,
  perShard = SHARD_SIZE,
): Promise<FleetHost[]> {
  const all: FleetHost[] = [];
  for (let first = 0; first < names.length; first += perShard) {
    const shard = names.slice(first, first + perShard);
    await beginShard(db);
    for (let index = 0; index < shard.length; index += AT_ONCE) {
      const made = shard.slice(index, index + AT_ONCE).map((name) => newHost(db, name, labels));
      all.push(...(await Promise.all(made)));
    }
  }
  return all;
}

async function newHost(
  db: Store["db"],
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<FleetHost> {
  const member = await newMember(db, name, labels);
  const boot = { bootId: member.agentId, number: 0, kernel: "6.12", arch: "x86_64", wordSize: 64 } as const;
  return { ...member, epochId: await registerEpoch(db, member.hostId, boot) };
}

/** The next namespace is the first of a shard. */
async function beginShard(db: Store["db"]): Promise<void> {
  await db.$queryRaw`
    SELECT setval('namespace_root_id', (last_value / ${SHARD_SIZE}::int + 1) * ${SHARD_SIZE}::int - 1)
    FROM namespace_root_id`;
}

/** Hosts that do the same in a minute. */
export interface Doing {
  readonly hosts: readonly FleetHost[];
  readonly moves: Moves;
  readonly listener?: ListenerMoves;
}

/** The jobs of a service, with a clock of the test's. Who is not named in a minute is not heard of in it. */
export class NotifiedFleet {
  /** The end of the last minute. */
  now = T0;
  readonly notifier: TestNotifier;
  /** A moment of the jobs, within a minute. */
  #clock = T0;
  readonly #store: Store;
  readonly #rollUp: ReturnType<typeof worker>["rollUp"];
  readonly #detect: ReturnType<typeof detect>;
  readonly #announcer: Announcer;
  readonly #patterns = new Map<readonly FleetHost[], MovingHost>();

  constructor(store: Store, receivers: ReceiversConfig) {
    const { db } = store;
    const now = () => this.#clock;
    const log = createLog("silent");
    this.#store = store;
    this.notifier = new TestNotifier(db, [], receivers);
    this.#rollUp = worker({ db }).rollUp;
    this.#announcer = new Announcer(db, log);
    this.#detect = detect({
      db,
      now,
      log,
      announcer: this.#announcer,
      metrics: new Metrics(),
      reader: new SnapshotReader(new LayoutCache()),
      fleet: new FleetView(db, now),
      roleLabels: ["role"],
      settings: () => DEFAULT_SETTINGS,
      forgetting: { ephemeral: { name: "ephemeral", value: "true" } },
      // Asked by `tick` alone, which looks for shards to judge: here each is judged.
      queues: {} as Queues,
    });
  }

  /** Time in which hosts do this. */
  async minutes(count: number, doing: readonly Doing[]): Promise<void> {
    for (let minute = 0; minute < count; minute++) {
      for (const one of doing) await this.#send(one);
      this.now += MINUTE_MS;
      await this.#work();
    }
  }

  /** What is told once nothing happens any more. */
  async end(): Promise<void> {
    await this.notifier.pass(10 * MINUTE_MS, 5 * MINUTE_MS);
    await this.#announcer.flush();
  }

  async #send({ hosts, moves, listener }: Doing): Promise<void> {
    const [first] = hosts;
    if (first === undefined) return;
    const pattern =
      this.#patterns.get(hosts) ??
      (await MovingHost.make(this.#store, `pattern of ${first.hostName}`, this.now));
    this.#patterns.set(hosts, pattern);
    const rows = await pattern.intervals(PER_MINUTE, moves, listener);
    await append(
      this.#store,
      hosts.flatMap(({ namespaceId, epochId }) => rows.map((row) => ({ ...row, namespaceId, epochId }))),
    );
    const lastSeen = this.now + MINUTE_MS - INTERVAL_MS;
    const said = { lastSeen, everyMs: INTERVAL_MS, agentVersion: "1", clockSkewMs: 0, health: null };
    await touchHosts(
      this.#store.db,
      hosts.map(({ hostId, epochId }) => ({ hostId, epochId, ...said })),
    );
  }

  /** The minute that is over is rolled up and judged, shard by shard, and between any two of these it is told. */
  async #work(): Promise<void> {
    await this.#at(this.now);
    await this.#rollUp(this.now);
    const shards = await this.#store.db.$queryRaw<{ shard: number }[]>`
      SELECT shard FROM ts.shard ORDER BY shard`;
    let at = this.now;
    for (const { shard } of shards) {
      await this.#detect({ name: "shard", data: { shard } });
      at += JUDGED_IN_MS;
      await this.#at(at);
    }
    for (const name of ["presence", "roles", "peers"]) await this.#detect({ name, data: {} });
    await this.#at(this.now + MINUTE_MS - 1);
  }

  async #at(now: number): Promise<void> {
    this.#clock = now;
    this.notifier.now = now;
    await this.notifier.tick();
  }
}
