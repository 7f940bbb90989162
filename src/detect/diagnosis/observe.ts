import type { WireListener, WireListeners } from "../../protocol/message.ts";
import { increasesOf } from "../../rates/increases.ts";
import { intervalOf } from "../../rates/interval.ts";
import { isComplete, ListenerHistory, type ListenerSample, listenerKey } from "../../rates/listeners.ts";
import { GAUGE, type Snapshot } from "../../rates/snapshot.ts";
import { type Reading, standingOf } from "./standing.ts";
import type { NamespaceWindow, ObservedInterval, ObservedListener } from "./window.ts";

/** A snapshot of a namespace, with the listeners that were sampled up to it; null where there were none to see. */
export interface Observation {
  readonly snapshot: Snapshot;
  readonly listeners: WireListeners | null;
}

export interface WindowInput {
  /** By time, of one namespace; from the newest complete list of listeners before `from` on. */
  readonly observations: readonly Observation[];
  /** Start of the window, ms since 1970: increases of snapshots after it are in it. */
  readonly from: number;
  readonly counterName: (counterId: number) => string;
  /** Id of TcpExtListenDrops; null when no host has it. */
  readonly dropsId: number | null;
}

/** Builds the window of a diagnosis from a namespace's own snapshots. */
export function observe({ observations, from, counterName, dropsId }: WindowInput): NamespaceWindow {
  const intervals = observations.flatMap(({ snapshot }, index) => {
    const previous = observations[index - 1]?.snapshot;
    if (snapshot.at <= from || previous === undefined) return [];
    const observed = intervalBetween(previous, snapshot, counterName);
    return observed === null ? [] : [observed];
  });
  const samples = observations.flatMap(({ snapshot, listeners }) =>
    listeners === null ? [] : [{ snapshot, listeners }],
  );
  return { intervals, ...listenersOf(samples, from, dropsId) };
}

/** Null where no rate can be told: a boot, another epoch, a pause. */
function intervalBetween(
  previous: Snapshot,
  snapshot: Snapshot,
  counterName: WindowInput["counterName"],
): ObservedInterval | null {
  const predecessor = previous.epoch.id === snapshot.epoch.id ? previous : null;
  const { ratedMs, counts } = increasesOf(snapshot, intervalOf(snapshot, predecessor, previous));
  if (ratedMs === 0) return null;
  const increases = new Map<string, number>();
  const gauges = new Map<string, number>();
  snapshot.layout.counterIds.forEach((counterId, index) => {
    const count = counts.numbers[index] as number;
    if (!Number.isNaN(count)) increases.set(counterName(counterId), count);
    const value = snapshot.values.numbers[index] as number;
    if (snapshot.layout.gauges[index] === GAUGE && !Number.isNaN(value)) {
      gauges.set(counterName(counterId), value);
    }
  });
  return { from: snapshot.at - ratedMs, to: snapshot.at, ratedMs, increases, gauges };
}

/** A listener over the samples: where it was first and last, and its queue before the window and at the end. */
interface Track {
  socket: WireListener;
  firstAt: number;
  lastAt: number;
  firstQueue: number;
  /** As of `ObservedListener`; null where it had room again. */
  stuckSamples: number | null;
  /** In the window. */
  readings: Reading[];
  closedAt: number | null;
}

function listenersOf(
  samples: readonly ListenerSample[],
  from: number,
  dropsId: number | null,
): Pick<NamespaceWindow, "listeners" | "listenersSeen"> {
  const tracks = trackAll(samples, from);
  const history = new ListenerHistory(dropsId);
  history.take(samples.filter(({ snapshot }) => snapshot.at <= from));
  const { told, idle } = history.minute(samples.filter(({ snapshot }) => snapshot.at > from));
  const minutes = new Map([...told, ...idle].map((minute) => [listenerKey(minute.socket), minute]));
  const listedFirst = samples.find(({ listeners }) => isComplete(listeners))?.snapshot.at ?? 0;
  const listeners = [...tracks].map(([key, track]): ObservedListener => {
    const minute = minutes.get(key);
    const { socket, firstAt, closedAt } = track;
    const standing = standingOf(track.readings, socket.limit, minute?.peakQueue ?? 0);
    return {
      inode: socket.inode,
      address: socket.address,
      port: socket.port,
      owner: socket.owner ?? null,
      limit: socket.limit,
      samples: minute?.samples ?? 0,
      samplesFull: minute?.samplesFull ?? 0,
      peakQueue: minute?.peakQueue ?? 0,
      stuckSamples: track.stuckSamples ?? 0,
      ...(standing === null ? {} : { standing }),
      firstQueue: track.firstQueue,
      lastQueue: socket.acceptQueue,
      weight: minute?.weight ?? 0,
      openedAt: firstAt > listedFirst ? firstAt : null,
      listedMs: (closedAt ?? track.lastAt) - firstAt,
      closedAt,
    };
  });
  return { listeners, listenersSeen: samples.length > 0 };
}

/** A complete list closes what it leaves out; in another one, what is left out is as it was and has no queue. */
function trackAll(samples: readonly ListenerSample[], from: number): Map<string, Track> {
  const tracks = new Map<string, Track>();
  for (const { snapshot, listeners } of samples) {
    const listed = new Map(listeners.sockets.map((socket) => [listenerKey(socket), socket]));
    for (const [key, track] of tracks) {
      if (listed.has(key) || track.closedAt !== null) continue;
      if (isComplete(listeners)) track.closedAt = snapshot.at;
      else {
        track.socket = { ...track.socket, acceptQueue: 0 };
        track.stuckSamples = roomAgain(track.stuckSamples);
        track.lastAt = snapshot.at;
        if (snapshot.at <= from) track.firstQueue = 0;
        else track.readings.push({ queue: 0, samples: listeners.samples, samplesFull: 0 });
      }
    }
    for (const [key, socket] of listed) {
      const before = tracks.get(key);
      const firstAt = before?.firstAt ?? snapshot.at;
      const firstQueue = snapshot.at <= from ? socket.acceptQueue : (before?.firstQueue ?? 0);
      // What was before the window is not in its other numbers either.
      const stuck = before === undefined ? 0 : before.stuckSamples;
      const stuckSamples = snapshot.at <= from ? 0 : stuckAfter(stuck, socket, listeners.samples);
      const readings = before?.readings ?? [];
      if (snapshot.at > from) {
        const { acceptQueue: queue, samplesFull } = socket;
        readings.push({ queue, samples: listeners.samples, samplesFull });
      }
      tracks.set(key, {
        socket,
        firstAt,
        lastAt: snapshot.at,
        firstQueue,
        stuckSamples,
        readings,
        closedAt: null,
      });
    }
  }
  return tracks;
}

function roomAgain(stuck: number | null): number | null {
  return stuck === 0 ? 0 : null;
}

function stuckAfter(stuck: number | null, socket: WireListener, samples: number): number | null {
  const { acceptQueue, limit, samplesFull } = socket;
  if (stuck === null || samplesFull === 0) return roomAgain(stuck);
  if (limit === null || acceptQueue <= limit) return null;
  if (samplesFull >= samples) return stuck + samples;
  return stuck === 0 ? 1 : null;
}
