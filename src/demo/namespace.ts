import type { WireListener, WireListeners } from "../protocol/message.ts";
import { AcceptQueue } from "./accept-queue.ts";
import { COUNTERS, type CounterName, placeOf } from "./counters.ts";
import type { Fault } from "./faults.ts";
import { HOUR_MS, type Service, type Sight } from "./fleet.ts";
import { poisson, randomOf } from "./random.ts";

/** Share of the usual load that an application takes which is slow. */
const SLOW_SHARE = 0.55;
/** How many more connections than fit come at once, and each how many seconds. */
const BURST_SIZE = 1.4;
const BURST_SECONDS = 12;
/** SYNs of a flood in a second, and the share of them whose cookies come back wrong. */
const FLOOD_SYNS = 2_500;
/** An upstream that refuses is tried so much more often, and refuses so many. */
const TRIED_AGAIN = 1.7;
const REFUSED_SHARE = 0.7;
/** A full queue refuses some last ACKs as well as SYNs; their SYN-ACKs are sent again. */
const ACK_SHARE = 0.06;
/** The agent looks each so many seconds while a queue is full, and once an interval otherwise. */
const LOOK_SECONDS = 2;
/** An agent lists all of its listeners so often, and else those where something is going on. */
const LIST_EVERY_MS = 10 * 60_000;
/** Connections last so many seconds. */
const CONNECTION_SECONDS = 8;

/** What the queue showed in an interval. */
interface Seen {
  readonly samples: number;
  readonly samplesFull: number;
  readonly peak: number;
  readonly waiting: number;
}

export interface NamespaceOptions {
  readonly seed: string;
  readonly service: Service;
  readonly somaxconn: number;
  readonly sight: Sight;
  /** When the first snapshot is taken, and the uptime then, in ms. */
  readonly startMs: number;
  readonly uptimeMs: number;
  /** Part of a day by which its busiest hour is later than 14:00 UTC. */
  readonly dayShift: number;
}

/**
 * A network namespace with one service in it: its load goes with the hours, its accept queue fills and overflows as
 * a kernel's does, and its counters follow from what came of each connection.
 */
export class SimulatedNamespace {
  /** One for each of COUNTERS. */
  readonly values = new Float64Array(COUNTERS.length);
  readonly #options: NamespaceOptions;
  readonly #random: () => number;
  readonly #queue: AcceptQueue;
  /** How full its queue gets on an ordinary day, as a share of the limit. */
  readonly #usualFill: number;
  readonly #inode: string;
  #drops = 0;
  #at: number;
  #listedMs = 0;
  /** -1 while it goes back in time: counters fall by what they grew by then. */
  #sign = 1;

  constructor(options: NamespaceOptions) {
    const { seed, service, somaxconn, startMs, uptimeMs } = options;
    this.#options = options;
    this.#random = randomOf(`${seed} values`);
    this.#queue = new AcceptQueue(Math.min(service.backlog, somaxconn));
    this.#usualFill = 0.01 + 0.6 * this.#random() ** 6;
    this.#inode = String(20_000 + Math.floor(80_000 * this.#random()));
    this.#at = startMs;
    const uptimeS = uptimeMs / 1_000;
    this.#traffic(service.incoming * uptimeS, this.#open(service.outgoing * uptimeS, null));
    this.#gauges(0);
  }

  /**
   * Goes on to a time.
   *
   * @param to ms since 1970
   * @param fault what is the matter since then; null when all is well
   * @returns what the agent has seen of its listeners
   */
  advance(to: number, fault: Fault | null): WireListeners {
    const seconds = Math.round((to - this.#at) / 1_000);
    this.#at = to;
    const { incoming, outgoing } = this.#options.service;
    const load = this.#load();
    const isQueueing =
      fault !== null && (fault.kind === "stalled" || fault.kind === "slow" || fault.kind === "bursts");
    const { accepted, seen } =
      isQueueing || this.#queue.isBusy
        ? this.#bySeconds(seconds, incoming * load, fault)
        : this.#atEase(seconds, incoming * load);
    const opened = this.#open(outgoing * load * seconds, fault);
    this.#traffic(accepted, opened);
    if (fault?.kind === "flood") this.#flood(seconds, accepted);
    this.#gauges(seen.waiting);
    return this.#listeners(seen);
  }

  /** Goes back to a time at which all was well, as far as the counters reach: some days. */
  retreat(to: number): WireListeners {
    this.#sign = -1;
    const seconds = Math.round((this.#at - to) / 1_000);
    const { incoming, outgoing } = this.#options.service;
    const load = this.#load();
    const { accepted, seen } = this.#atEase(seconds, incoming * load);
    this.#traffic(accepted, this.#open(outgoing * load * seconds, null));
    this.#sign = 1;
    this.#at = to;
    this.#gauges(seen.waiting);
    return this.#listeners(seen);
  }

  /** How busy this hour is beside the middle of a day. */
  #load(): number {
    const { dayShift } = this.#options;
    const day = Math.cos(2 * Math.PI * ((this.#at / HOUR_MS - 14) / 24 - dayShift));
    return 1 + 0.45 * day;
  }

  #atEase(seconds: number, perSecond: number): { accepted: number; seen: Seen } {
    const { limit } = this.#queue;
    const peak = Math.min(limit - 1, poisson(this.#random, limit * this.#usualFill * this.#load()));
    const waiting = Math.floor(peak * this.#random() * 0.2);
    return {
      accepted: poisson(this.#random, perSecond * seconds),
      seen: { samples: Math.max(1, Math.round(seconds / 10)), samplesFull: 0, peak, waiting },
    };
  }

  #bySeconds(seconds: number, perSecond: number, fault: Fault | null): { accepted: number; seen: Seen } {
    const { limit } = this.#queue;
    const capacity = this.#capacity(perSecond, fault);
    let accepted = 0;
    let dropped = 0;
    let samplesFull = 0;
    let peak = 0;
    let waiting = 0;
    for (let second = 0; second < seconds; second++) {
      const isBurst = fault?.kind === "bursts" && this.#random() * BURST_SECONDS < 1;
      const burst = isBurst ? poisson(this.#random, limit * BURST_SIZE) : 0;
      const one = this.#queue.pass(poisson(this.#random, perSecond), burst, Math.round(capacity));
      accepted += one.accepted;
      dropped += one.dropped;
      peak = Math.max(peak, one.peak);
      waiting = one.waiting;
      if (second % LOOK_SECONDS === 0 && waiting > limit) samplesFull++;
    }
    this.#drop(dropped);
    return { accepted, seen: { samples: Math.ceil(seconds / LOOK_SECONDS), samplesFull, peak, waiting } };
  }

  /** Connections that the application can take in a second. */
  #capacity(perSecond: number, fault: Fault | null): number {
    switch (fault?.kind) {
      case "stalled":
        return 0;
      case "slow":
        return Math.max(1, SLOW_SHARE * perSecond);
      default:
        return this.#options.service.capacity;
    }
  }

  #drop(packets: number): void {
    this.#grow("TcpExtListenOverflows", packets);
    this.#grow("TcpExtListenDrops", packets);
    this.#drops += packets;
    const again = poisson(this.#random, packets * ACK_SHARE);
    this.#grow("TcpExtTCPSynRetrans", again);
    this.#grow("TcpRetransSegs", again);
    this.#grow("TcpExtTCPTimeouts", again);
  }

  /** Connections that it opens itself. */
  #open(usual: number, fault: Fault | null): number {
    const isRefused = fault?.kind === "refused";
    const opened = poisson(this.#random, usual * (isRefused ? TRIED_AGAIN : 1));
    const failed = Math.min(opened, poisson(this.#random, opened * (isRefused ? REFUSED_SHARE : 0.0004)));
    this.#grow("TcpActiveOpens", opened);
    this.#grow("TcpAttemptFails", failed);
    return opened - failed;
  }

  /** SYNs from addresses that nobody answers at: cookies are sent, and those of clients alone come back. */
  #flood(seconds: number, accepted: number): void {
    const syns = poisson(this.#random, FLOOD_SYNS * seconds);
    this.#grow("TcpInSegs", syns);
    this.#grow("TcpOutSegs", syns);
    this.#grow("TcpExtTCPReqQFullDoCookies", syns + accepted);
    this.#grow("TcpExtSyncookiesSent", syns + accepted);
    this.#grow("TcpExtSyncookiesRecv", accepted);
    this.#grow("TcpExtSyncookiesFailed", poisson(this.#random, syns * 0.0002));
  }

  /** What connections do to the other counters of a host that is well. */
  #traffic(accepted: number, opened: number): void {
    const random = this.#random;
    const both = accepted + opened;
    const sent = poisson(random, both * 16);
    const retransmitted = poisson(random, sent * 0.0006);
    this.#grow("TcpPassiveOpens", accepted);
    this.#grow("TcpEstabResets", poisson(random, both * 0.004));
    this.#grow("TcpInSegs", poisson(random, both * 14));
    this.#grow("TcpOutSegs", sent);
    this.#grow("TcpRetransSegs", retransmitted);
    this.#grow("TcpExtTCPLossProbes", poisson(random, retransmitted * 0.4));
    this.#grow("TcpExtTCPTimeouts", poisson(random, retransmitted * 0.2));
    this.#grow("TcpExtTCPLostRetransmit", poisson(random, retransmitted * 0.02));
    this.#grow("TcpOutRsts", poisson(random, both * 0.003));
    this.#grow("TcpExtTW", Math.floor(opened * 0.9));
    this.#grow("TcpExtTCPOrigDataSent", poisson(random, both * 7));
    this.#grow("TcpExtTCPDelivered", poisson(random, both * 8));
    this.#grow("TcpExtTCPAbortOnData", poisson(random, both * 0.0008));
    this.#grow("TcpExtTCPAbortOnClose", poisson(random, both * 0.0006));
  }

  #gauges(waiting: number): void {
    const { incoming, outgoing } = this.#options.service;
    const load = this.#load();
    const open = poisson(this.#random, (incoming + outgoing) * CONNECTION_SECONDS * load) + waiting;
    this.#set("TcpCurrEstab", open);
    this.#set("SockstatTCPInuse", open + 3);
    this.#set("SockstatSocketsUsed", open + 180);
    this.#set("SockstatTCPTw", poisson(this.#random, outgoing * load * 54));
  }

  #listeners({ samples, samplesFull, peak, waiting }: Seen): WireListeners {
    const { service, sight } = this.#options;
    const { limit } = this.#queue;
    const isComplete = Math.abs(this.#at - this.#listedMs) >= LIST_EVERY_MS;
    if (isComplete) this.#listedMs = this.#at;
    const isTold = isComplete || peak * 2 >= limit;
    const socket: WireListener = {
      address: "0.0.0.0",
      port: service.port,
      inode: this.#inode,
      acceptQueue: waiting,
      peakQueue: peak,
      limit: sight === "no limits" ? null : limit,
      samplesFull: sight === "no limits" ? 0 : samplesFull,
      drops: sight === "no limits" ? null : this.#drops,
      ...(sight === "all" ? { owner: service.owner, uid: 1_000 } : {}),
    };
    return {
      source: sight === "no limits" ? "proc" : "ss",
      samples,
      complete: isComplete,
      sockets: isTold ? [socket] : [],
    };
  }

  #grow(name: CounterName, by: number): void {
    const place = placeOf(name);
    this.values[place] = (this.values[place] ?? 0) + this.#sign * Math.floor(by);
  }

  #set(name: CounterName, value: number): void {
    this.values[placeOf(name)] = value;
  }
}
