import type { Sysctls } from "./collectors/sysctls.ts";
import type { Timekeeper } from "./epoch.ts";
import type { Host } from "./host.ts";
import { type ListenerWatch, ROOT } from "./listeners/watch.ts";
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
  readonly listeners?: Pick<ListenerWatch, "note" | "take">;
  /** The settings of the root when they are to be sent. */
  readonly sysctls?: (uptimeMs: number) => Sysctls | undefined;
}): (everyMs: number) => QueuedSnapshot | null {
  const { host, timekeeper, log, seldom, listeners } = parts;
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
    listeners?.note(ROOT, {
      listenDrops: values[names.indexOf("TcpExtListenDrops")] ?? null,
      listenOverflows: values[names.indexOf("TcpExtListenOverflows")] ?? null,
      everyMs,
    });
    const seen = listeners?.take(ROOT);
    const sysctls = parts.sysctls?.(uptimeMs);
    const more = {
      ...(sysctls === undefined ? {} : { sysctls }),
      ...(seen === undefined ? {} : { listeners: seen }),
    };
    return build({ names, values, uptimeMs, everyMs, ...timekeeper.stamp(uptimeMs), more });
  };
}

/**
 * The scrape of the loops: a snapshot of the root, and those that the other namespaces have to send, into the
 * queue. Never throws.
 *
 * The root is read first, so that nothing delays it, and goes last: the service takes a host's interval from
 * the last snapshot of a push, and that of a quiet namespace is longer.
 */
export function scrapeInto(
  queue: SnapshotQueue,
  sample: (everyMs: number) => QueuedSnapshot | null,
  { log, seldom }: { readonly log: Log; readonly seldom: SeldomLog },
  sampleOthers: (everyMs: number) => readonly QueuedSnapshot[] = () => [],
): (everyMs: number) => void {
  function others(everyMs: number): readonly QueuedSnapshot[] {
    try {
      return sampleOthers(everyMs);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      seldom.say("others", log.error, `cannot take snapshots of other namespaces: ${why}`);
      return [];
    }
  }

  return (everyMs) => {
    try {
      const droppedBefore = queue.dropped;
      const snapshot = sample(everyMs);
      for (const other of others(everyMs)) queue.append(other);
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
