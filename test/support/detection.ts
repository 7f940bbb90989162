/** Hosts whose counters a test moves interval by interval, and workers that roll up and judge what they send. */
import { encodeBaselines } from "../../src/detect/baseline/codec.ts";
import { ShardBaselines } from "../../src/detect/baseline/shard-baselines.ts";
import { MEASURES, type Measure } from "../../src/detect/diagnosis/measures.ts";
import { DEFAULT_SETTINGS } from "../../src/detect/settings.ts";
import { type HeldBaselines, judgeShard } from "../../src/jobs/detect/judge-shard.ts";
import { MINUTE_MS } from "../../src/rates/minute.ts";
import type { Store } from "../../src/store/client.ts";
import { SHARD_SIZE } from "../../src/store/codec/positions.ts";
import { writeJudged } from "../../src/store/detect/state.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { newMember, type TestMember } from "./incidents.ts";
import type { OracleSnapshot, OracleSocket } from "./oracle.ts";
import { append, newContainer, rowOf, worker } from "./rollups.ts";

export const INTERVAL_MS = 10_000;
const UPTIME_MS = 1_000_000_000;
const LEARNED_MS = 5 * 24 * 60 * MINUTE_MS;
const EPOCH_STEP_MS = 300_000;

/** What moved in an interval, by what it means in a diagnosis. */
export type Moves = Partial<Readonly<Record<Measure, number>>>;

/** The one listener of a host over an interval of ten samples. */
export interface ListenerMoves {
  readonly peakQueue: number;
  /** What waited at the last of the samples; left out, as many as at its longest. */
  readonly lastQueue?: number;
  readonly samplesFull: number;
  readonly drops: number;
}

const QUIET: ListenerMoves = { peakQueue: 0, samplesFull: 0, drops: 0 };
export const LIMIT = 16;
/** A queue that is full throughout. */
export const FULL: ListenerMoves = { peakQueue: LIMIT + 1, samplesFull: 10, drops: 50 };

/** One that is full for a moment, and empty again. */
export const BURSTS: ListenerMoves = { peakQueue: LIMIT + 1, lastQueue: 0, samplesFull: 1, drops: 50 };

/** A host whose snapshots are made one after the other, each 10 s after the last if nothing else is said. */
export class MovingHost {
  readonly member: TestMember;
  at: number;
  everyMs = INTERVAL_MS;
  wordSize: 32 | 64 = 64;
  /** The socket of its listener; null while it is closed. */
  inode: string | null = "1";
  /** Sockets of other listeners, to which nobody comes. */
  beside: readonly string[] = [];
  /** Counters beside those of a diagnosis, by full name, as they stand. */
  readonly raw = new Map<string, bigint>();
  readonly #store: Store;
  readonly #counters = new Map<Measure, bigint>();
  /** When it was booted by its own clock: long ago. */
  #bootedAt: number;
  #epoch = 0;
  #drops = 0;

  private constructor(store: Store, member: TestMember, at: number) {
    this.#store = store;
    this.member = member;
    this.at = at;
    this.#bootedAt = at - UPTIME_MS;
  }

  static async make(store: Store, name: string, at: number, labels: Record<string, string> = {}) {
    return new MovingHost(store, await newMember(store.db, name, labels), at);
  }

  /** A container of this host, which has a namespace of its own. */
  async container(): Promise<MovingHost> {
    const { namespaceId } = await newContainer(this.#store, this.member.hostId, 1_000);
    return new MovingHost(this.#store, { ...this.member, namespaceId }, this.at);
  }

  /** The clock of the host is set by so much. By more than 5 min back, its agent begins anew. */
  stepClock(ms: number): void {
    this.at += ms;
    this.#bootedAt += ms;
    if (ms < -EPOCH_STEP_MS) this.#epoch++;
  }

  /** What a counter shows before it moves. */
  begin(measure: Measure, value: bigint): void {
    this.#counters.set(measure, value);
  }

  /** The snapshots of so many intervals, each with these moves. */
  async intervals(count: number, moves: Moves, listener: ListenerMoves = QUIET): Promise<SnapshotRow[]> {
    const rows: SnapshotRow[] = [];
    for (let index = 0; index < count; index++) {
      for (const [measure, by] of Object.entries(moves) as [Measure, number][]) {
        this.#counters.set(measure, (this.#counters.get(measure) ?? 0n) + BigInt(by));
      }
      this.#drops += listener.drops;
      const { inode } = this;
      const sockets: OracleSocket[] = [
        ...(inode === null ? [] : [{ inode, limit: LIMIT, ...listener, drops: this.#drops }]),
        ...this.beside.map((other) => ({ inode: other, limit: LIMIT, ...QUIET })),
      ];
      const one: OracleSnapshot = {
        at: this.at,
        uptimeMs: this.at - this.#bootedAt,
        everyMs: this.everyMs,
        boot: "boot",
        epoch: this.#epoch,
        wordSize: this.wordSize,
        values: Object.fromEntries([
          ...(Object.entries(MEASURES) as [Measure, string][]).map(([measure, name]) => [
            name,
            BigInt.asUintN(this.wordSize, this.#counters.get(measure) ?? 0n),
          ]),
          ...this.raw,
        ]),
        listeners: { samples: 10, complete: true, sockets },
      };
      rows.push(await rowOf(this.#store, this.member, one));
      this.at += this.everyMs;
    }
    return rows;
  }
}

/** A worker process as far as detection goes: nothing of what it holds is shared with another. */
export function detector({ db }: Pick<Store, "db">, settings = DEFAULT_SETTINGS) {
  const { rollUp } = worker({ db });
  const held: HeldBaselines = new Map();
  const log = { warn: () => undefined };
  const deps = {
    db,
    held,
    log,
    reader: new SnapshotReader(new LayoutCache()),
    roleLabels: ["role"],
    settings: () => settings,
    // Hosts come and go within a test's moment.
    fleet: {
      read: () => new FleetView(db, Date.now).read(),
      readAgain: () => new FleetView(db, Date.now).read(),
    },
  };
  const judge = async (now: number) => {
    for (const { shard } of await db.$queryRaw<
      { shard: number }[]
    >`SELECT shard FROM ts.shard ORDER BY shard`) {
      for (;;) {
        const outcome = await judgeShard(deps, shard, now);
        if (outcome.kind === "busy" || !outcome.more) break;
      }
    }
  };
  return {
    deps,
    judge,
    rollUp,
    /** Rolls up what has come, and judges it. */
    run: async (now: number) => {
      await rollUp(now);
      await judge(now);
    },
  };
}

/**
 * Makes the shard of a host know of it what five days teach on which 60 connections came in each minute, and so many
 * were open; it is judged from where the host is.
 */
export async function learned(
  { db }: Store,
  { at: until, member: { namespaceId } }: MovingHost,
  { openConnections = 0 } = {},
): Promise<void> {
  const baselines = new ShardBaselines();
  const column = (value: number) =>
    Float64Array.from({ length: SHARD_SIZE }, (_, at) => (at === namespaceId % SHARD_SIZE ? value : 0));
  for (let at = until - LEARNED_MS; at < until; at += MINUTE_MS) {
    baselines.evaluate({
      at,
      ratedMs: column(MINUTE_MS),
      increases: new Map([["TcpPassiveOpens", column(60)]]),
      gauges: new Map([["TcpCurrEstab", column(openConnections)]]),
      disturbed: null,
    });
  }
  const mark = { judgedTo: until, lasting: [], watched: [], still: {}, burning: [], revision: 0 };
  await writeJudged(db, Math.floor(namespaceId / SHARD_SIZE), mark, encodeBaselines(baselines));
}

export { append };

/** Everything that detection has written, as if it had never run. */
export async function forgetDetection({ db }: Store): Promise<void> {
  await db.$executeRaw`TRUNCATE detect_state, detect_book, detect_burn, detect_peers, rolled_minute, incident, anomaly CASCADE`;
}

/** Incidents with their timelines, and how many anomalies each has for evidence. */
export async function incidentsOf({ db }: Store) {
  const rows = await db.incident.findMany({
    orderBy: { id: "asc" },
    include: { timeline: { orderBy: { id: "asc" } }, hosts: { orderBy: { hostId: "asc" } } },
  });
  return rows.map(({ timeline, hosts, ...incident }) => ({
    ...incident,
    kinds: timeline.map(({ kind }) => kind),
    members: hosts.filter(({ leftAt }) => leftAt === null).map(({ hostName }) => hostName),
  }));
}
