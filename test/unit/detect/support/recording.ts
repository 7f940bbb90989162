import { readFileSync } from "node:fs";
import { MEASURES } from "../../../../src/detect/diagnosis/measures.ts";
import { type Observation, observe } from "../../../../src/detect/diagnosis/observe.ts";
import type { NamespaceWindow } from "../../../../src/detect/diagnosis/window.ts";
import type { WireListener, WireListeners } from "../../../../src/protocol/message.ts";
import { GAUGE, type Layout } from "../../../../src/rates/snapshot.ts";
import { counterValues } from "../../../../src/rates/values.ts";

interface RecordedStep {
  readonly atMs: number;
  readonly counters: Readonly<Record<string, number>>;
  /** Port, queue, limit and sk_drops of each listener; null where none were looked for. */
  readonly listeners: readonly (readonly [number, number, number, number])[] | null;
}

export interface Recording {
  readonly episode: string;
  readonly steps: readonly RecordedStep[];
}

const FILE = new URL("../../../fixtures/episodes/6.18.44.jsonl", import.meta.url);

export function readRecordings(): Recording[] {
  return readFileSync(FILE, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const GAUGES = ["TcpCurrEstab", "SockstatTCPTw"];
const COUNTERS = [...Object.values(MEASURES), ...GAUGES];
const LAYOUT: Layout = {
  id: 1,
  counterIds: Int32Array.from(COUNTERS.keys()),
  gauges: Uint8Array.from(COUNTERS, (name) => (GAUGES.includes(name) ? GAUGE : 0)),
};
const EPOCH = { id: 1, bootId: "b", number: 0, wordSize: 64 };
const T0 = 1_700_000_000_000;
const EVERY_MS = 10_000;

/** The window of a recording as a service has it that was sent a snapshot at each of its steps. */
export function windowBySteps({ steps }: Recording): NamespaceWindow {
  return windowOf(steps.map((step) => observationOf(step, [step])));
}

/** The same as one snapshot before and one after, with the listeners sampled between them: an agent's interval. */
export function windowOfOneInterval({ steps }: Recording): NamespaceWindow {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) throw new Error("an empty recording");
  return windowOf([observationOf({ ...first, counters: {} }, [first]), observationOf(last, steps.slice(1))]);
}

function windowOf(observations: readonly Observation[]): NamespaceWindow {
  const dropsId = COUNTERS.indexOf("TcpExtListenDrops");
  const counterName = (counterId: number) => COUNTERS[counterId] as string;
  return observe({ observations, from: observations[0]?.snapshot.at ?? 0, counterName, dropsId });
}

function observationOf(step: RecordedStep, sampled: readonly RecordedStep[]): Observation {
  const snapshot = {
    at: T0 + step.atMs,
    uptimeMs: 1_000_000 + step.atMs,
    everyMs: EVERY_MS,
    bornUptimeMs: null,
    epoch: EPOCH,
    layout: LAYOUT,
    values: counterValues(COUNTERS.map((name) => step.counters[name] ?? 0)),
  };
  return { snapshot, listeners: listenersOf(sampled) };
}

function listenersOf(sampled: readonly RecordedStep[]): WireListeners | null {
  const samples = sampled.flatMap(({ listeners }) => (listeners === null ? [] : [listeners]));
  const newest = samples.at(-1);
  if (newest === undefined) return null;
  const sockets = newest.map(([port, queue, limit, drops]): WireListener => {
    const queues = samples.flatMap((one) =>
      one.filter(([other]) => other === port).map(([, waiting]) => waiting),
    );
    return {
      address: "0.0.0.0",
      port,
      inode: "1",
      acceptQueue: queue,
      peakQueue: Math.max(...queues),
      limit,
      samplesFull: queues.filter((waiting) => waiting > limit).length,
      drops,
      owner: "app",
    };
  });
  return { source: "ss", samples: samples.length, sockets };
}
