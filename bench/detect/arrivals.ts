import type { PositionFlag } from "../../src/detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../src/detect/columns.ts";
import { type DataProblem, fellFlags } from "../../src/jobs/detect/data-problems.ts";
import { MINUTE_MS, minuteOf } from "../../src/rates/minute.ts";
import { counterName } from "./corpus/counters.ts";
import type { Delivery, SimulatedHost } from "./corpus/host.ts";
import { HostHistory, type Known, minuteOfShard, movedEvents } from "./history.ts";

/** What is wrong with the data is looked at for as long as the snapshots around it. */
const PROBLEMS_KEPT_MS = 10 * MINUTE_MS;

/** The minutes that wait to be judged. */
export interface Minutes {
  /** Minutes that were judged, of which a snapshot came since. */
  readonly late: readonly ShardMinute[];
  /** Minutes that are over. */
  readonly closed: readonly ShardMinute[];
  /** Those that are not, and in which a counter of events moved. */
  readonly open: readonly ShardMinute[];
}

/** What has come in of simulated hosts: it stands in for ingest, the tables, and the rollup. */
export class Arrivals {
  readonly #hosts: readonly SimulatedHost[];
  readonly #onSnapshot: (host: number, known: Known) => void;
  readonly #histories = new Map<number, HostHistory>();
  readonly #waiting: { readonly host: number; readonly delivery: Delivery }[] = [];
  /** Minutes that are not over in which a counter of events moved, and the hosts on which it did. */
  readonly #moved = new Map<number, Set<number>>();
  /** Minutes that were judged before a snapshot of them came. */
  readonly #late = new Set<number>();
  /** By minute, of each host the first snapshot in which counters fell. */
  readonly #fell = new Map<number, Map<number, Known>>();
  /** Faults of the data, by the minute in which a rollup met them, one of each host. */
  readonly #problems = new Map<number, Map<number, readonly DataProblem[]>>();
  #judgedTo: number;

  /** @param from a whole minute, ms since 1970: judging begins with it */
  constructor(
    hosts: readonly SimulatedHost[],
    from: number,
    onSnapshot: (host: number, known: Known) => void,
  ) {
    this.#hosts = hosts;
    this.#judgedTo = from;
    this.#onSnapshot = onSnapshot;
    for (const { id } of hosts) this.#histories.set(id, new HostHistory());
  }

  /** Takes what comes in up to `now`. */
  receive(now: number): void {
    for (const host of this.#hosts) {
      if (host.nextAt > now) continue;
      for (const delivery of host.next()) this.#waiting.push({ host: host.id, delivery });
    }
    let kept = 0;
    for (const one of this.#waiting) {
      if (one.delivery.arrivesAt > now) this.#waiting[kept++] = one;
      else this.#take(one.host, one.delivery);
    }
    this.#waiting.length = kept;
  }

  /** The minutes to be judged, for good those before `closedTo`. */
  minutes(closedTo: number): Minutes {
    const late = [...this.#late].sort((a, b) => a - b).map((at) => this.#sum(at));
    this.#late.clear();
    const closed: ShardMinute[] = [];
    for (; this.#judgedTo < closedTo; this.#judgedTo += MINUTE_MS) closed.push(this.#sum(this.#judgedTo));
    const open: ShardMinute[] = [];
    for (const [at, positions] of [...this.#moved].sort((a, b) => a[0] - b[0])) {
      if (at < this.#judgedTo) this.#moved.delete(at);
      else {
        const own = [...positions].map((host) => [host, this.historyOf(host)] as const);
        open.push(minuteOfShard(at, own, false));
      }
    }
    for (const minute of this.#problems.keys()) {
      if (minute < this.#judgedTo - PROBLEMS_KEPT_MS) this.#problems.delete(minute);
    }
    return { late, closed, open };
  }

  /** What is wrong with the data: by minute, of each position; and by host. */
  problems(): {
    readonly byMinute: ReadonlyMap<number, readonly PositionFlag[]>;
    readonly byHost: ReadonlyMap<number, readonly DataProblem[]>;
  } {
    const byMinute = new Map<number, PositionFlag[]>();
    const byHost = new Map<number, DataProblem[]>();
    for (const [minute, hosts] of this.#problems) {
      for (const [host, problems] of hosts) {
        const flags = problems.map(({ flag }) => ({ position: host, flag }));
        byMinute.set(minute, [...(byMinute.get(minute) ?? []), ...flags]);
        byHost.set(host, [...(byHost.get(host) ?? []), ...problems]);
      }
    }
    return { byMinute, byHost };
  }

  historyOf(host: number): HostHistory {
    const history = this.#histories.get(host);
    if (history === undefined) throw new Error(`host ${host} is not among those that report`);
    return history;
  }

  /** Whether all hosts were heard of since then. */
  heardOfAll(since: number): boolean {
    for (const { lastSeen } of this.#histories.values()) if (lastSeen < since) return false;
    return true;
  }

  #take(host: number, delivery: Delivery): void {
    const known = this.historyOf(host).add(delivery);
    if (known === null) return;
    this.#onSnapshot(host, known);
    const minute = minuteOf(known.snapshot.at);
    if (known.increases.fell.length > 0) {
      const fell = this.#fell.get(minute) ?? new Map<number, Known>();
      if (!fell.has(host)) this.#fell.set(minute, fell.set(host, known));
    }
    if (minute < this.#judgedTo) this.#late.add(minute);
    else if (movedEvents(known)) this.#moved.set(minute, (this.#moved.get(minute) ?? new Set()).add(host));
  }

  /** Rolls a minute up that is over. */
  #sum(at: number): ShardMinute {
    for (const [host, { snapshot, increases }] of this.#fell.get(at) ?? []) {
      const flags = fellFlags(snapshot.at, increases.fell.map(counterName));
      const problems = flags.map((flag) => ({ namespaceId: host, flag }));
      this.#problems.set(at, (this.#problems.get(at) ?? new Map()).set(host, problems));
    }
    this.#fell.delete(at);
    return minuteOfShard(at, this.#histories, true);
  }
}
