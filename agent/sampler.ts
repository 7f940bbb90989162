import type { Timekeeper } from "./epoch.ts";
import type { Host } from "./host.ts";
import type { Log, SeldomLog } from "./log.ts";
import type { SnapshotQueue } from "./queue.ts";
import { createSnapshotBuilder, type QueuedSnapshot } from "./snapshot.ts";

/**
 * Takes snapshots of the root namespace, stamped at collection and never again. A source that fails is said
 * seldom and left out; with no counter at all there is no snapshot, which the service shows as a gap.
 */
export function createSampler(parts: {
  readonly host: Host;
  readonly timekeeper: Timekeeper;
  readonly log: Log;
  readonly seldom: SeldomLog;
}): (everyMs: number) => QueuedSnapshot | null {
  const { host, timekeeper, log, seldom } = parts;
  const build = createSnapshotBuilder();
  return (everyMs) => {
    const { scrape, uptimeMs } = host.read();
    const { names, values } = scrape;
    for (const { collector, error } of scrape.failures) {
      seldom.say(collector, log.warn, `left out ${collector} of a snapshot: ${error.message}`);
    }
    if (names.length === 0) {
      seldom.say("empty", log.error, "read no counter at all: is --procfs the procfs of the host?");
      return null;
    }
    return build({ names, values, uptimeMs, everyMs, ...timekeeper.stamp(uptimeMs) });
  };
}

/** The scrape of the loops: one snapshot into the queue. Never throws. */
export function scrapeInto(
  queue: SnapshotQueue,
  sample: (everyMs: number) => QueuedSnapshot | null,
  { log, seldom }: { readonly log: Log; readonly seldom: SeldomLog },
): (everyMs: number) => void {
  return (everyMs) => {
    try {
      const droppedBefore = queue.dropped;
      const snapshot = sample(everyMs);
      if (snapshot !== null) queue.append(snapshot);
      if (queue.dropped === droppedBefore) return;
      seldom.say(
        "full",
        log.error,
        `the queue is full: ${queue.dropped} of the oldest snapshots were dropped`,
      );
    } catch (error) {
      seldom.say(
        "scrape",
        log.error,
        `cannot take a snapshot: ${error instanceof Error ? error.message : error}`,
      );
    }
  };
}
