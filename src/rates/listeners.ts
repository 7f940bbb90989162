import type { WireListener, WireListeners } from "../protocol/message.ts";
import { increasesOf, positionsIn } from "./increases.ts";
import { intervalOf, PREDECESSOR_MAX_MS } from "./interval.ts";
import type { Snapshot } from "./snapshot.ts";

/** sk_drops is an `atomic_t` that ss prints unsigned: 32 bits on every machine. */
const DROPS_WRAP = 2 ** 32;

/** A snapshot with the listeners that were sampled up to it. */
export interface ListenerSample {
  readonly snapshot: Snapshot;
  readonly listeners: WireListeners;
}

/** A listening socket in a minute in which there is something to tell of it. */
export interface ListenerMinute {
  /** As it was listed last in the minute. */
  readonly socket: WireListener;
  /** When it was listed first and last in the minute, ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Samples taken while it was open. */
  readonly samples: number;
  readonly samplesFull: number;
  readonly peakQueue: number;
  /** Growth of sk_drops over intervals in which the namespace's ListenDrops grew. */
  readonly weight: number;
}

/** (namespace, inode) names a socket while it is open; the address tells it from one that got the inode later. */
export type SocketName = Pick<WireListener, "inode" | "address" | "port">;

/** A listener that a complete list leaves out, and was listed before. */
export interface ClosedListener {
  readonly socket: SocketName;
  /** When that list was taken, ms since 1970. */
  readonly at: number;
}

/** A complete list before which no other is known of its epoch: whatever is not in it is closed, seen by whichever. */
export interface FirstList {
  readonly at: number;
  readonly sockets: readonly SocketName[];
}

/** What the listeners of a namespace did in a minute. */
export interface ListenersOfMinute {
  /** Those of which there is something to tell. */
  readonly told: readonly ListenerMinute[];
  /** Others that are open: of the namespace's first complete list in an hour of its own (`LISTED_MS`). */
  readonly idle: readonly ListenerMinute[];
  readonly closed: readonly ClosedListener[];
  readonly firstLists: readonly FirstList[];
}

/** An idle listener is told of so often, so that it can be told from one of a host that is silent. */
export const LISTED_MS = 3_600_000;

/** A listener as it was listed last, before the sample in hand. */
interface Known {
  readonly socket: SocketName;
  readonly drops: number | null;
  readonly limit: number | null;
  readonly at: number;
}

interface Sum {
  socket: WireListener;
  firstAt: number;
  lastAt: number;
  samples: number;
  samplesFull: number;
  peakQueue: number;
  weight: number;
  /** It was new, or its limit is another. */
  changed: boolean;
  /** It was in the first complete list of an hour. */
  listed: boolean;
}

/**
 * The listeners of a namespace, minute by minute. There is something to tell of those that had a queue, were full,
 * gained weight, were new, or got another limit.
 *
 * A list that is not `complete` leaves out listeners that are as they were; a complete one ends what it leaves
 * out. What a listener's drops grew by is measured from where it was listed last, at most 24 h before, and is a
 * weight only where TcpExtListenDrops of the namespace grew since the sample before, by the rules of counters:
 * sk_drops counts scans and half-open resets too (docs/architecture.md).
 */
export class ListenerHistory {
  readonly #dropsId: number | null;
  readonly #epochs = new Map<number, EpochListeners>();

  readonly #offsetMs: number;

  /**
   * @param dropsId id of TcpExtListenDrops; null when no host has it
   * @param offsetMs when the namespace's own hours begin: each another time, or all would be listed at once
   */
  constructor(dropsId: number | null, offsetMs = 0) {
    this.#dropsId = dropsId;
    this.#offsetMs = offsetMs;
  }

  /**
   * Takes note of what was before the first minute.
   *
   * @param before by time: of each epoch what there is since its newest complete list, at least the newest of it;
   * lists that are empty and not complete may be missing
   */
  take(before: readonly ListenerSample[]): void {
    for (const sample of before) this.#epochOf(sample).take(sample);
  }

  /** What the listeners did in the next minute. @param own its samples, by time */
  minute(own: readonly ListenerSample[]): ListenersOfMinute {
    const sums = new Map<string, Sum>();
    const closed: ClosedListener[] = [];
    const firstLists: FirstList[] = [];
    for (const epoch of this.#epochs.values()) epoch.beginMinute();
    for (const sample of own) {
      const epoch = this.#epochOf(sample);
      const ended = epoch.endedBy(sample);
      if (ended === "all others") firstLists.push(firstListOf(sample));
      else closed.push(...ended);
      epoch.add(sample, sums, this.#dropsId);
    }
    const told: ListenerMinute[] = [];
    const idle: ListenerMinute[] = [];
    for (const { changed, listed, ...minute } of sums.values()) {
      if (changed || minute.peakQueue > 0 || minute.samplesFull > 0 || minute.weight > 0) told.push(minute);
      else if (listed) idle.push(minute);
    }
    return { told, idle, closed, firstLists };
  }

  #epochOf({ snapshot }: ListenerSample): EpochListeners {
    const { id } = snapshot.epoch;
    let epoch = this.#epochs.get(id);
    if (epoch === undefined) {
      epoch = new EpochListeners(this.#offsetMs);
      this.#epochs.set(id, epoch);
    }
    return epoch;
  }
}

export function listenerKey(socket: SocketName): string {
  return `${socket.inode} ${socket.address} ${socket.port}`;
}

function nameOf({ inode, address, port }: SocketName): SocketName {
  return { inode, address, port };
}

function firstListOf({ snapshot, listeners }: ListenerSample): FirstList {
  return { at: snapshot.at, sockets: listeners.sockets.map(nameOf) };
}

/** The open listeners of one epoch of a namespace, sample by sample. */
class EpochListeners {
  readonly #offsetMs: number;
  #previous: Snapshot | null = null;
  #open = new Map<string, Known>();
  /** The hour of the newest complete list. */
  #hour = Number.NaN;
  /** Samples in the minute up to lists that are not complete: of what they leave out, too. */
  #sampled = 0;

  constructor(offsetMs: number) {
    this.#offsetMs = offsetMs;
  }

  beginMinute(): void {
    this.#sampled = 0;
  }

  /** The listeners that a sample, the next one, shows to be closed. */
  endedBy({ snapshot, listeners }: ListenerSample): ClosedListener[] | "all others" {
    if (!isComplete(listeners)) return [];
    if (Number.isNaN(this.#hour)) return "all others";
    const listed = new Set(listeners.sockets.map(listenerKey));
    return [...this.#open]
      .filter(([key]) => !listed.has(key))
      .map(([, { socket }]) => ({ socket, at: snapshot.at }));
  }

  /** Takes note of a sample. */
  take({ snapshot, listeners }: ListenerSample): void {
    if (isComplete(listeners)) {
      this.#open = new Map();
      this.#hour = this.#hourOf(snapshot);
    }
    for (const socket of listeners.sockets) {
      this.#open.set(listenerKey(socket), {
        socket: nameOf(socket),
        drops: socket.drops,
        limit: socket.limit,
        at: snapshot.at,
      });
    }
    this.#previous = snapshot;
  }

  /** Takes note of a sample and adds to the sums what it says. */
  add(sample: ListenerSample, sums: Map<string, Sum>, dropsId: number | null): void {
    const { snapshot, listeners } = sample;
    const { samples } = listeners;
    const dropped = dropsId !== null && this.#previous !== null && grew(dropsId, this.#previous, snapshot);
    const sockets = new Map(listeners.sockets.map((socket) => [listenerKey(socket), socket]));
    const listed = isComplete(listeners) && this.#hourOf(snapshot) !== this.#hour;
    for (const [key, socket] of sockets) {
      const known = this.#known(key, snapshot.at);
      const changed = known === null || known.limit !== socket.limit;
      const weight = known === null || !dropped ? 0 : growth(known.drops, socket.drops);
      const sum = sums.get(key);
      if (sum === undefined) {
        const { samplesFull, peakQueue } = socket;
        const [firstAt, lastAt] = [snapshot.at, snapshot.at];
        // It was sampled before it was listed, where it was open: the lists of this minute left it out as it was.
        const taken = samples + (known === null ? 0 : this.#sampled);
        const seen = { socket, samples: taken, samplesFull, peakQueue, weight };
        sums.set(key, { ...seen, firstAt, lastAt, changed, listed });
        continue;
      }
      sum.socket = socket;
      sum.lastAt = snapshot.at;
      sum.samples += samples;
      sum.samplesFull += socket.samplesFull;
      sum.peakQueue = Math.max(sum.peakQueue, socket.peakQueue);
      sum.weight += weight;
      sum.changed ||= changed;
      sum.listed ||= listed;
    }
    if (!isComplete(listeners)) {
      this.#sampled += samples;
      // Open and as it was: sampled too. Only what is listed within the minute has a sum.
      for (const [key, sum] of sums) {
        if (!sockets.has(key) && this.#known(key, snapshot.at) !== null) sum.samples += samples;
      }
    }
    this.take(sample);
  }

  #hourOf({ at }: Snapshot): number {
    return Math.floor((at + this.#offsetMs) / LISTED_MS);
  }

  #known(key: string, now: number): Known | null {
    const known = this.#open.get(key);
    return known === undefined || now - known.at > PREDECESSOR_MAX_MS ? null : known;
  }
}

/** Agents that know no partial lists send complete ones. */
export function isComplete(listeners: WireListeners): boolean {
  return listeners.complete !== false;
}

/** Whether a counter grew from a snapshot to a later one of its epoch. */
function grew(counterId: number, previous: Snapshot, next: Snapshot): boolean {
  const position = positionsIn(next.layout).get(counterId);
  if (position === undefined) return false;
  const interval = intervalOf(next, previous, previous);
  if (interval.kind !== "interval") return false;
  return (increasesOf(next, interval).counts.numbers[position] ?? 0) > 0;
}

/** Growth of sk_drops; 0 where it cannot be told. What fell from below 2^31 is another socket's. */
function growth(old: number | null, now: number | null): number {
  if (old === null || now === null || old >= DROPS_WRAP || now >= DROPS_WRAP) return 0;
  if (now >= old) return now - old;
  return old > DROPS_WRAP / 2 ? now + DROPS_WRAP - old : 0;
}
