import type { Observation } from "../../../src/detect/diagnosis/observe.ts";
import type { WireListener, WireListeners } from "../../../src/protocol/message.ts";
import type { Epoch } from "../../../src/rates/snapshot.ts";
import { AcceptQueue, type QueueSeen, type QueueShape, STEPS_PER_SECOND } from "./accept-queue.ts";
import { Chance } from "./chance.ts";
import { type Counter, type Gauge, LAYOUT, PLACE, WIDTH } from "./counters.ts";
import { type HostShape, seasonAt } from "./shape.ts";

/** The interval of agents, where nothing else is said. */
export const EVERY_MS = 10_000;
const JITTER_MS = 300;

/** A snapshot on its way: what the service gets, and when. */
export interface Delivery extends Observation {
  readonly arrivesAt: number;
  readonly truth: Readonly<Truth>;
}

/** What became of the clients of an interval. */
export interface Truth {
  /** Those who were still trying when it began, and those who came in it. */
  readonly trying: number;
  arrived: number;
  /** Of both, those who got in. */
  accepted: number;
  /** Of those who came, those whose first packet found no room. */
  refused: number;
}

/** What is to come in an interval: faults change it before it comes. */
export interface Plan {
  readonly at: number;
  /** Clients, and connections that the application can take. */
  arrivals: number;
  capacity: number;
  /** Besides them clients that come all at once, in the first tenth of each of so many seconds. */
  clumped: number;
  clumpSeconds: number;
  /** Connections that go out. */
  outgoing: number;
  /** Nothing listens: who comes is refused. */
  closed: boolean;
}

/** What an interval did: faults add to it. */
export interface Done {
  readonly at: number;
  readonly plan: Readonly<Plan>;
  readonly values: Float64Array;
  readonly truth: Truth;
  add(counter: Counter, count: number): void;
  set(gauge: Gauge, value: number): void;
}

/** Something that is the matter with a host from a time to a time, ms since 1970. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  before?(plan: Plan, host: SimulatedHost): void;
  after?(done: Done, host: SimulatedHost): void;
  /** What becomes of the snapshot on its way; null: it is lost. */
  deliver?(delivery: Delivery, host: SimulatedHost): Delivery | readonly Delivery[] | null;
}

let epochs = 0;

/** One host with one listener: the course of its counters, decided by the seed. */
export class SimulatedHost {
  /** Its namespace, and its position in the shard. */
  readonly id: number;
  readonly shape: HostShape;
  readonly everyMs: number;
  readonly faults: Fault[] = [];
  readonly chance: Chance;
  queue: AcceptQueue;
  epoch: Epoch;
  /** Inode of the listener: another one after a restart. */
  inode = 1_000;
  wordSize: 32 | 64 = 64;
  /** Every counter since the boot. */
  readonly totals = new Float64Array(WIDTH);
  #at: number;
  #bootedAt: number;
  #slow: number;
  #sent = 0;
  #drops = 0;
  readonly #offsetMs: number;

  constructor(id: number, shape: HostShape, seed: string, from: number, everyMs = EVERY_MS) {
    this.id = id;
    this.shape = shape;
    this.everyMs = everyMs;
    this.chance = new Chance(seed);
    this.queue = new AcceptQueue(shape.queue);
    this.#offsetMs = Math.floor(this.chance.next() * everyMs);
    this.#at = from;
    this.#bootedAt = from - Math.round(this.chance.logBetween(3_600_000, 100 * 86_400_000));
    this.epoch = { id: ++epochs, bootId: `${seed} 0`, number: 0, wordSize: 64 };
    this.#slow = this.chance.normal() * shape.slow;
    for (let place = 0; place < WIDTH; place++) this.totals[place] = this.chance.whole(0, 1_000_000);
  }

  /** Counters begin at 0, under another boot id unless the namespace alone was made anew. */
  restart(kind: "boot" | "namespace" | "agent", at: number): void {
    const isBoot = kind === "boot";
    const number = isBoot ? 0 : this.epoch.number + 1;
    const bootId = isBoot ? `${this.epoch.bootId}+` : this.epoch.bootId;
    if (kind !== "agent") this.totals.fill(0);
    if (isBoot) this.#bootedAt = at;
    this.epoch = { id: ++epochs, bootId, number, wordSize: this.wordSize };
    if (isBoot) this.reopen(this.queue.shape);
  }

  /** A new listener in the place of the old one, whose queue is gone. @returns how many waited in it */
  reopen(shape: QueueShape): number {
    const { waiting } = this.queue;
    this.queue = new AcceptQueue(shape);
    this.inode++;
    this.#drops = 0;
    return waiting;
  }

  /** When the next interval is over. */
  get nextAt(): number {
    return this.#at + this.everyMs;
  }

  /** The next interval. */
  next(): Delivery[] {
    const { chance, shape, everyMs } = this;
    const minutes = everyMs / 60_000;
    this.#at += everyMs;
    const at = this.#at + this.#offsetMs + Math.round((chance.next() - 0.5) * 2 * JITTER_MS);
    const faults =
      this.faults.length === 0 ? NO_FAULTS : this.faults.filter(({ from, to }) => at > from && at <= to);
    const memory = shape.memory ** minutes;
    this.#slow = memory * this.#slow + Math.sqrt(1 - memory * memory) * chance.normal() * shape.slow;
    const usual =
      shape.perMinute * minutes * seasonAt(shape, at) * Math.exp(this.#slow) * chance.gamma(shape.noise);
    const plan: Plan = {
      at,
      arrivals: usual,
      capacity: (Math.max(usual, shape.perMinute * minutes) * shape.capacity) / (everyMs / 1_000) + 1,
      clumped: 0,
      clumpSeconds: everyMs / 1_000,
      outgoing: usual * shape.outgoing,
      closed: false,
    };
    for (const fault of faults) fault.before?.(plan, this);
    const { trying } = this.queue;
    const seen = this.#pass(plan, faults.length > 0);
    const values = this.#count(plan, seen);
    const { arrived, accepted, refused } = seen;
    const truth = { trying, arrived, accepted, refused };
    for (const fault of faults) {
      fault.after?.(
        {
          at,
          plan,
          values,
          truth,
          add: (counter, count) => {
            this.totals[PLACE[counter]] = (this.totals[PLACE[counter]] as number) + count;
            values[PLACE[counter]] = this.#wrapped(PLACE[counter]);
          },
          set: (gauge, value) => {
            values[PLACE[gauge]] = value;
          },
        },
        this,
      );
    }
    const delivery: Delivery = {
      snapshot: {
        at,
        uptimeMs: at - this.#bootedAt,
        everyMs,
        bornUptimeMs: null,
        epoch: this.epoch,
        layout: LAYOUT,
        values: { numbers: values, big: null },
      },
      listeners: plan.closed ? NOBODY_LISTENS : this.#listeners(seen),
      arrivesAt: at + chance.whole(50, 400),
      truth,
    };
    return faults.reduce<Delivery[]>(
      (all, fault) =>
        all.flatMap((one) => fault.deliver?.(one, this) ?? (fault.deliver === undefined ? one : [])),
      [delivery],
    );
  }

  /** Clients come to the queue; while nothing is the matter they find it empty, which needs no steps. */
  #pass({ arrivals, capacity, clumped, clumpSeconds, closed }: Plan, isFaulty: boolean): QueueSeen {
    const { chance, queue } = this;
    if (closed) return { ...queue.take(), arrived: 0 };
    if (!isFaulty && !queue.isBusy) {
      const accepted = chance.poisson(arrivals);
      return { ...queue.take(), arrived: accepted, accepted, taken: accepted, samples: this.everyMs / 1_000 };
    }
    const steps = (this.everyMs / 1_000) * STEPS_PER_SECOND;
    for (let step = 0; step < steps; step++) {
      const isClump = step % STEPS_PER_SECOND === 0 && step < clumpSeconds * STEPS_PER_SECOND;
      const clump = isClump ? Math.round(clumped / clumpSeconds) : 0;
      queue.step(chance.poisson(arrivals / steps) + clump, capacity / STEPS_PER_SECOND);
    }
    return queue.take();
  }

  /** The counters after an interval. */
  #count(plan: Plan, seen: QueueSeen): Float64Array {
    const { chance, shape } = this;
    const minutes = this.everyMs / 60_000;
    const { accepted, overflows } = seen;
    const opened = chance.poisson(plan.outgoing);
    const connections = accepted + opened;
    const sent = Math.round(connections * shape.segments * (1 + 0.05 * chance.normal())) + 4;
    const synsAgain = chance.poisson(connections * 0.001);
    const lost = chance.poisson(sent * shape.lossFloor);
    const resets = chance.poisson(accepted * shape.resets);
    this.#grow(PLACE.TcpPassiveOpens, accepted);
    this.#grow(PLACE.TcpActiveOpens, opened);
    this.#grow(PLACE.TcpInSegs, Math.round(sent * 0.9) + 4);
    this.#grow(PLACE.TcpOutSegs, sent);
    this.#grow(PLACE.TcpRetransSegs, lost + synsAgain);
    this.#grow(PLACE.TcpExtTCPSynRetrans, synsAgain);
    this.#grow(PLACE.TcpExtTCPTimeouts, synsAgain + chance.poisson(lost * 0.1));
    this.#grow(PLACE.TcpEstabResets, resets);
    this.#grow(PLACE.TcpOutRsts, chance.poisson(accepted * shape.resetsSent));
    this.#grow(PLACE.TcpExtTCPAbortOnData, chance.poisson(resets * 0.1));
    if (shape.failsFloor > 0)
      this.#grow(PLACE.TcpAttemptFails, chance.poisson(shape.failsFloor * minutes * chance.gamma(5)));
    if (shape.embryonicFloor > 0) {
      const embryonic = chance.poisson(shape.embryonicFloor * minutes);
      this.#grow(PLACE.TcpExtEmbryonicRsts, embryonic);
      this.#grow(PLACE.TcpAttemptFails, embryonic);
    }
    const blip = shape.blips > 0 && chance.next() < (shape.blips / 1_440) * minutes ? chance.whole(1, 3) : 0;
    const dropped = overflows + blip;
    if (dropped > 0) {
      this.#grow(PLACE.TcpExtListenOverflows, dropped);
      this.#grow(PLACE.TcpExtListenDrops, dropped);
      this.#drops += dropped;
    }
    if (seen.cookiesSent > 0) {
      this.#grow(PLACE.TcpExtSyncookiesSent, seen.cookiesSent);
      this.#grow(PLACE.TcpExtTCPReqQFullDoCookies, seen.cookiesSent);
      this.#grow(PLACE.TcpExtSyncookiesRecv, seen.cookiesReceived);
      this.#grow(PLACE.TcpExtSyncookiesFailed, seen.cookiesFailed);
      this.#grow(PLACE.TcpOutRsts, seen.cookiesFailed);
    }
    const values = new Float64Array(WIDTH);
    for (let place = 0; place < WIDTH; place++) values[place] = this.#wrapped(place);
    values[PLACE.TcpCurrEstab] =
      Math.round((connections / (60 * minutes)) * shape.held + this.queue.waiting) + 1;
    values[PLACE.SockstatTCPTw] = opened / minutes;
    values[PLACE.SockstatTCPMem] = 200;
    return values;
  }

  #grow(place: number, count: number): void {
    this.totals[place] = (this.totals[place] as number) + count;
  }

  #wrapped(place: number): number {
    const total = this.totals[place] as number;
    return this.wordSize === 32 ? total % 2 ** 32 : total;
  }

  /** A complete list at first and with each change; a partial one of those that had a queue otherwise. */
  #listeners(seen: QueueSeen): WireListeners {
    const { queue, inode } = this;
    const isComplete = this.#sent !== inode;
    this.#sent = inode;
    const hadQueue = seen.peak > 0 || queue.waiting > 0;
    if (!isComplete && !hadQueue) return NO_QUEUES;
    const socket: WireListener = {
      address: "0.0.0.0",
      port: 8080,
      inode: String(inode),
      acceptQueue: queue.waiting,
      peakQueue: seen.peak,
      limit: queue.shape.limit,
      samplesFull: seen.samplesFull,
      drops: this.#drops,
    };
    return { ...NO_QUEUES, samples: this.everyMs / 1_000, complete: isComplete, sockets: [socket] };
  }
}

const NO_FAULTS: readonly Fault[] = [];
const NO_QUEUES: WireListeners = { source: "ss", samples: 10, complete: false, sockets: [] };
const NOBODY_LISTENS: WireListeners = { source: "ss", samples: 10, complete: true, sockets: [] };
