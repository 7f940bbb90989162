import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Time since the kernel started, in ms with the time asleep included; never falls. */
export interface UptimeClock {
  now(): number;
}

/**
 * Uptime by two clocks, since neither will do alone.
 *
 * `<procfs>/uptime` is the boot's own clock and goes on while the machine sleeps, but has a resolution of
 * 10 ms: too coarse for a rate over 100 ms. (`os.uptime()` is the same file, and always that of /proc, which
 * lxcfs replaces in a container.) CLOCK_MONOTONIC, which Node reads in well under a microsecond, is fine but
 * stands still during sleep and has no fixed zero. The difference of the two is constant while awake and
 * grows with each sleep, and every reading of the file bounds it from below: so uptime is the monotonic clock
 * plus the largest difference seen, exact to 10 ms in itself and to microseconds between two reads.
 *
 * @param monotonicMs a clock that does not step; performance.now() is CLOCK_MONOTONIC.
 * @throws Error when `<procfs>/uptime` cannot be read now; later such reads are left out, the difference stands.
 */
export function createUptimeClock(
  procfs: string,
  monotonicMs: () => number = () => performance.now(),
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
): UptimeClock {
  const path = join(procfs, "uptime");
  let differenceMs = measure();

  function measure(): number {
    const text = read(path);
    const monotonic = monotonicMs();
    const match = /^([0-9]+)\.([0-9]{2}) /.exec(text);
    if (match === null) {
      throw new Error(`cannot use ${path}: expected "seconds.hundredths ...", found "${text.trim()}"`);
    }
    return Number(match[1]) * 1_000 + Number(match[2]) * 10 - monotonic;
  }

  return {
    now() {
      try {
        differenceMs = Math.max(differenceMs, measure());
      } catch {
        // Out of file handles, for one: no reason to lose the time as well.
      }
      return monotonicMs() + differenceMs;
    },
  };
}
