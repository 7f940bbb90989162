import type { ListenerWatch } from "./listeners/watch.ts";
import type { Composer } from "./message.ts";
import type { NamespaceFinder } from "./namespaces/finder.ts";
import { keyOf } from "./namespaces/sampler.ts";
import type { QueuedSnapshot } from "./snapshot.ts";
import type { Transport } from "./transport.ts";
import { judge } from "./verdict.ts";

/** Looks once at the listeners of the root and of every namespace that is followed, one after another. */
export async function lookOnce(
  listeners: Pick<ListenerWatch, "note" | "look">,
  finder: Pick<NamespaceFinder, "find">,
  everyMs: number,
): Promise<void> {
  await listeners.look();
  for (const namespace of finder.find(everyMs)) {
    const { inode, pids } = namespace;
    const [pid] = pids;
    if (pid === undefined) continue;
    listeners.note(keyOf(namespace), { listenDrops: null, listenOverflows: null, place: { pid, inode } });
    await listeners.look(keyOf(namespace));
  }
}

/** What became of the one push. */
export interface PushedOnce {
  /** Why the service has not all that the push carried; null when it has. */
  readonly reason: string | null;
  /** How many snapshots the push carried. */
  readonly pushed: number;
  /** Snapshots of other namespaces for which one push had no room. */
  readonly leftOut: number;
}

/**
 * Pushes one snapshot of each namespace, in one push: what `--once` does.
 *
 * @param others those of the namespaces beside the root. The root's goes last, as in scrapeInto, and is the one
 *   that always finds room.
 */
export async function pushOnce(
  others: readonly QueuedSnapshot[],
  root: QueuedSnapshot,
  parts: {
    readonly compose: Composer;
    readonly transport: Transport;
    readonly wallClock: () => number;
    readonly uptimeMs: () => number;
    readonly learn: (serviceTimeMs: number, sentUptimeMs: number, receivedUptimeMs: number) => void;
  },
): Promise<PushedOnce> {
  const compose = (count: number) =>
    parts.compose([...others.slice(0, count), root], new Set(), parts.wallClock());
  let count = others.length;
  let push = compose(count);
  while (count > 0 && push.snapshots.length <= count) {
    count = Math.min(count, push.snapshots.length) - 1;
    push = compose(count);
  }
  const pushed = count + 1;
  const ended = (reason: string | null) => ({ reason, pushed, leftOut: others.length - count });
  const sentUptimeMs = parts.uptimeMs();
  const verdict = judge(await parts.transport.send(push.body), pushed, parts.wallClock());
  if (verdict.kind !== "answered") return ended(verdict.reason);
  parts.learn(verdict.answer.time, sentUptimeMs, parts.uptimeMs());
  const refused = verdict.answer.results.filter(
    ({ status }) => status !== "stored" && status !== "duplicate",
  );
  const [first] = refused;
  if (first === undefined) return ended(null);
  const share = pushed === 1 ? "" : `${refused.length} of ${pushed} snapshots: `;
  return ended(`${share}${first.status}: ${first.code}: ${first.message}`);
}
