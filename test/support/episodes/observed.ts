import { isGauge } from "../../../src/catalog/catalog.ts";
import { type Observation, observe } from "../../../src/detect/diagnosis/observe.ts";
import type { NamespaceWindow } from "../../../src/detect/diagnosis/window.ts";
import type {
  HostSection,
  WireListener,
  WireListeners,
  WireSnapshot,
} from "../../../src/protocol/message.ts";
import { isComplete } from "../../../src/rates/listeners.ts";
import { GAUGE, type Layout } from "../../../src/rates/snapshot.ts";
import { counterValues } from "../../../src/rates/values.ts";

/** What an agent sent of an episode, in the forms that diagnosis reads. */
export interface Observed {
  readonly names: readonly string[];
  readonly observations: readonly Observation[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly kernel: string;
}

const EPOCH = { id: 1, bootId: "b", number: 1, wordSize: 64 };

/** @param sections of one host and layout */
export function observed(sections: readonly HostSection[]): Observed {
  const [first] = sections;
  const names = Object.values(first?.layouts ?? {})[0];
  if (first === undefined || names === undefined) throw new Error("the first section must name its layout");
  const layout: Layout = {
    id: 1,
    counterIds: Int32Array.from(names.keys()),
    gauges: Uint8Array.from(names, (name) => (isGauge(name) ? GAUGE : 0)),
  };
  const snapshots = sections.flatMap((section) => section.snapshots);
  return {
    names,
    observations: snapshots.map((snapshot) => observationOf(snapshot, layout)),
    sysctls: snapshots.findLast(({ sysctls }) => sysctls !== undefined)?.sysctls ?? {},
    kernel: first.epoch.kernel,
  };
}

function observationOf(
  { at, uptimeMs, everyMs, values, listeners }: WireSnapshot,
  layout: Layout,
): Observation {
  const counts = values.map((value) => (value === null ? null : Number(value)));
  return {
    snapshot: {
      at,
      uptimeMs,
      everyMs,
      bornUptimeMs: null,
      epoch: EPOCH,
      layout,
      values: counterValues(counts),
    },
    listeners: listeners ?? null,
  };
}

/** The window of all of it. */
export function windowBySnapshots({ names, observations }: Observed): NamespaceWindow {
  return observe({
    observations,
    from: observations[0]?.snapshot.at ?? 0,
    counterName: (counterId) => names[counterId] as string,
    dropsId: names.indexOf("TcpExtListenDrops"),
  });
}

/**
 * The same as one snapshot before it and one after, with the listeners sampled between: all of it within an agent's
 * interval.
 *
 * @param calm how many observations are from before the episode
 */
export function windowOfOneInterval({ observations, ...rest }: Observed, calm: number): NamespaceWindow {
  const before = merged(observations.slice(0, calm), null);
  const after = merged(observations.slice(calm), before.listeners);
  return windowBySnapshots({ ...rest, observations: [before, after] });
}

/** The newest snapshot, with what was sampled up to it: a complete list of what listens then. */
function merged(observations: readonly Observation[], known: WireListeners | null): Observation {
  const newest = observations.at(-1);
  if (newest === undefined) throw new Error("there must be an observation before the episode and one in it");
  const lists = observations.flatMap(({ listeners }) => (listeners === null ? [] : [listeners]));
  const sockets = new Map(known?.sockets.map((socket) => [socket.inode, idle(socket)]));
  for (const list of lists) {
    const listed = new Map(list.sockets.map((socket) => [socket.inode, socket]));
    for (const [inode, socket] of sockets) {
      if (listed.has(inode)) continue;
      if (isComplete(list)) sockets.delete(inode);
      else sockets.set(inode, { ...socket, acceptQueue: 0 });
    }
    for (const [inode, socket] of listed) sockets.set(inode, added(sockets.get(inode), socket));
  }
  const samples = lists.reduce((sum, list) => sum + list.samples, 0);
  return { ...newest, listeners: { source: "ss", samples, sockets: [...sockets.values()] } };
}

function idle(socket: WireListener): WireListener {
  return { ...socket, acceptQueue: 0, peakQueue: 0, samplesFull: 0 };
}

function added(before: WireListener | undefined, socket: WireListener): WireListener {
  if (before === undefined) return socket;
  return {
    ...socket,
    peakQueue: Math.max(before.peakQueue, socket.peakQueue),
    samplesFull: before.samplesFull + socket.samplesFull,
  };
}
