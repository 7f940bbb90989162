/** Where V8 finds the balance of memory and speed: as `v8.setFlagsFromString`. */
export type SetFlag = (flag: string) => void;

/** CPU of a cycle in ms from which compiled code pays: many namespaces, or listeners by the hundred. */
const DEAR_MS = 12;
/** So often in a row: one backlog that is sent is soon over. */
const CYCLES = 5;

/**
 * Has V8 keep small, and fast once there is much to do.
 *
 * - V8 doubles the space of young objects whenever many of them live on, up to 32 MB, and rarely gives any back:
 *   40 MB anonymous after 960 cycles, and 21 MB without doubling, for the same CPU.
 * - The optimizing compiler and its code are 5 MB resident, and on a cycle of 3 ms they save nothing. With 110
 *   namespaces they save a third, so there they are let in.
 *
 * (bench/agent)
 */
export function createTuning(setFlag: SetFlag): { readonly cycle: (cpuMs: number | null) => void } {
  let dear = 0;
  setFlag("--semi-space-growth-factor=1");
  setFlag("--no-opt");
  setFlag("--no-sparkplug");
  return {
    cycle(cpuMs) {
      if (dear === CYCLES) return;
      dear = cpuMs !== null && cpuMs >= DEAR_MS ? dear + 1 : 0;
      if (dear < CYCLES) return;
      setFlag("--opt");
      setFlag("--sparkplug");
    },
  };
}
