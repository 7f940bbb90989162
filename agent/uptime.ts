import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Time since the kernel started, in ms with the time asleep included; never falls. */
export interface UptimeClock {
  now(): number;
}

/** How long a reading of the file will do, while the host did not sleep. */
const FRESH_MS = 250;
/** The wall clock comes in whole milliseconds; a longer sleep, or a step of it, has the file read. */
const APART_MS = 2;

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
 * A cycle asks six times, mostly within milliseconds, and the file costs 20 us and more, so it is not read again
 * so soon. Only a sleep could matter, and that moves the wall clock and not the monotonic one.
 *
 * @param monotonicMs a clock that does not step; performance.now() is CLOCK_MONOTONIC.
 * @throws Error when `<procfs>/uptime` cannot be read now; later such reads are left out, the difference stands.
 */
export function createUptimeClock(
  procfs: string,
  monotonicMs: () => number = () => performance.now(),
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
  wallMs: () => number = Date.now,
): UptimeClock {
  const path = join(procfs, "uptime");
  let readAt = { monotonic: monotonicMs(), wall: wallMs() };
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
      const monotonic = monotonicMs();
      const wall = wallMs();
      const passed = monotonic - readAt.monotonic;
      if (passed >= FRESH_MS || Math.abs(wall - readAt.wall - passed) > APART_MS) {
        readAt = { monotonic, wall };
        try {
          differenceMs = Math.max(differenceMs, measure());
        } catch {
          // Out of file handles, for one: no reason to lose the time as well.
        }
      }
      return monotonicMs() + differenceMs;
    },
  };
}
