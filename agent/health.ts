import type { WireHealth } from "../src/protocol/message.ts";
import type { SnapshotQueue } from "./queue.ts";
import type { SetAside } from "./set-aside.ts";

/** How the agent itself is doing: what it costs, what waits, what was given up. */
export interface Health {
  /**
   * A cycle begins: the time between two of these is one, with the pushes that fell into it.
   *
   * @returns CPU time of the one that is over in ms; null at the first.
   */
  cycle(): number | null;
  report(): WireHealth;
  /** Snapshots dropped or set aside since the start. */
  givenUp(): number;
}

export interface HealthParts {
  readonly queue: Pick<SnapshotQueue, "size" | "ageMs" | "droppedBy">;
  readonly setAside: Pick<SetAside, "counts">;
  /** CPU time of the child processes of the newest cycle, in ms. */
  readonly childCpuMs?: () => number;
  /** CPU time of this process since its start, in microseconds. */
  readonly cpuUsage?: () => { readonly user: number; readonly system: number };
  readonly rssBytes?: () => number;
}

/** A thousandth of a millisecond is the finest that the kernel tells. */
const round = (ms: number) => Math.round(ms * 1_000) / 1_000;

export function createHealth(parts: HealthParts): Health {
  const { queue, setAside, childCpuMs = () => 0 } = parts;
  const cpuUsage = parts.cpuUsage ?? (() => process.cpuUsage());
  const rssBytes = parts.rssBytes ?? (() => process.memoryUsage.rss());
  const cpuMs = () => {
    const { user, system } = cpuUsage();
    return (user + system) / 1_000;
  };
  let began: number | null = null;
  let cycleCpuMs: number | null = null;

  function dropped(): Record<string, number> {
    const byReason: Record<string, number> = {};
    for (const given of [queue.droppedBy, setAside.counts]) {
      for (const [reason, count] of given) byReason[reason] = (byReason[reason] ?? 0) + count;
    }
    return byReason;
  }

  return {
    cycle() {
      const now = cpuMs();
      if (began !== null) cycleCpuMs = now - began;
      began = now;
      return cycleCpuMs;
    },
    report() {
      return {
        // Before the first is over, what it has cost so far; at the very start that is the start itself.
        cycleCpuMs: round(cycleCpuMs ?? (began === null ? 0 : cpuMs() - began)),
        childCpuMs: round(childCpuMs()),
        rssBytes: rssBytes(),
        spoolDepth: queue.size,
        spoolAgeMs: Math.round(queue.ageMs),
        dropped: dropped(),
      };
    },
    givenUp: () => Object.values(dropped()).reduce((sum, count) => sum + count, 0),
  };
}
