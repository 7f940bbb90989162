import { readFileSync } from "node:fs";

/** USER_HZ: the unit of times in /proc, 100 on every architecture that Node runs on. */
const TICK_MS = 10;
/** The kernel tells it in steps of 10 ms, and ss takes 3: one cycle alone would be 0 or 10. */
const CYCLES = 20;

/** What the children of this process cost a cycle. */
export interface ChildCpu {
  /** A cycle is over. */
  cycle(): void;
  /** CPU time of a cycle in ms, a mean of the newest twenty. */
  perCycleMs(): number;
}

export function createChildCpu(total: () => number = endedChildrenCpuMs): ChildCpu {
  const totals = [total()];
  return {
    cycle() {
      totals.push(total());
      if (totals.length > CYCLES + 1) totals.shift();
    },
    perCycleMs() {
      const [first = 0] = totals;
      const last = totals.at(-1) ?? first;
      return (last - first) / Math.max(1, totals.length - 1);
    },
  };
}

/**
 * CPU time of all children that have ended, in ms: fields 16 and 17 (cutime, cstime) of /proc/self/stat, since
 * Node's resourceUsage() leaves children out. Always of /proc: another procfs may number this process
 * otherwise. 0 when it cannot be read.
 */
export function endedChildrenCpuMs(
  read: () => string = () => readFileSync("/proc/self/stat", "utf8"),
): number {
  try {
    const text = read();
    // The name of the program is in parentheses and may hold spaces and parentheses itself.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[13]) + Number(fields[14]);
    return Number.isFinite(ticks) ? ticks * TICK_MS : 0;
  } catch {
    return 0;
  }
}
