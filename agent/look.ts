import { backlogAdvice } from "../src/catalog/backlog-advice.ts";
import type { Count } from "../src/protocol/count.ts";
import type { WireCapability, WireListener, WireListeners, WireNamespace } from "../src/protocol/message.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Scrape } from "./collector.ts";
import { createSysctlSource, type Sysctls } from "./collectors/sysctls.ts";
import type { Host } from "./host.ts";
import type { HostFacts } from "./host-facts.ts";
import type { Labels } from "./labels/check.ts";
import { createOwners, type Owners } from "./listeners/owner.ts";
import { createListenerWatch, type ListenerWatch, type ListenerWatchParts, ROOT } from "./listeners/watch.ts";
import { judgeRoot } from "./namespaces/root.ts";
import type { Readings } from "./readings.ts";
import type { Timers } from "./timers.ts";

/** What a person who asks is shown of this host. */
export interface Seen {
  readonly name: string;
  readonly labels: Labels;
  readonly facts: HostFacts;
  readonly uptimeMs: number;
  readonly scrape: Scrape;
  /** Of each counter of the scrape: what it grew by in the time before; null where that is not known. */
  readonly changes: readonly (Count | null)[];
  readonly changeMs: number;
  readonly sysctls: Sysctls;
  /** Undefined where none could be seen. */
  readonly listeners: SeenListeners | undefined;
  /** The other network namespaces, up to --namespace-max, the oldest first. */
  readonly namespaces: readonly SeenNamespace[];
  readonly capabilities: readonly WireCapability[];
}

export interface SeenNamespace {
  readonly wire: WireNamespace;
  /** A process that is in it. */
  readonly pid: number;
  readonly names: readonly string[];
  readonly values: readonly (Count | null)[];
  readonly changes: readonly (Count | null)[];
  readonly listeners: SeenListeners | undefined;
}

export interface SeenListeners extends Omit<WireListeners, "sockets" | "complete"> {
  readonly sockets: readonly (WireListener & { readonly advice: string | null })[];
}

/** A network namespace other than the root, as namespaces/look.ts finds it. */
export interface LookedNamespace {
  readonly key: string;
  readonly wire: WireNamespace;
  /** Reads its counters; null when it is gone. */
  readonly read: () => (Readings & { readonly pid: number }) | null;
}

/** As many looks as it takes to tell a queue that stays full from a burst. */
const LOOKS = 5;
const GAP_MS = 250;
/** Of the other namespaces, those with a queue half full are looked at so often too; this many of them. */
const BUSY_PER_LOOK = 8;
/** One look has to find every owner: about 0.4 s on a host with this many open files. */
const OWNER_LINKS = 200_000;

/**
 * Reads all counters twice, about a second apart, and looks at the listeners in between. Two readings, and not
 * one held against what an earlier call has left behind: it needs no state, so anybody may ask at any time.
 */
export async function lookAtHost(parts: {
  readonly name: string;
  readonly labels: Labels;
  readonly procfs: string;
  readonly host: Host;
  readonly capabilities: Capabilities;
  readonly timers: Timers;
  readonly now: () => number;
  readonly namespaces?: readonly LookedNamespace[];
  /** Stand-ins for tests. */
  readonly listening?: Pick<ListenerWatchParts, "runSs" | "readProc" | "inodeOf" | "privileges">;
}): Promise<Seen> {
  const { name, labels, procfs, host, capabilities, timers, now } = parts;
  const watch = createListenerWatch({
    procfs,
    everyMs: GAP_MS,
    timers,
    now,
    setCapability: capabilities.set,
    ...parts.listening,
  });
  const startedMs = now();
  const first = host.read().scrape;
  watch.note(ROOT, noteOf(first));
  const others = (parts.namespaces ?? []).flatMap(({ key, wire, read }) => {
    const before = read();
    if (before === null) return [];
    watch.note(key, { ...noteOf(before), place: { pid: before.pid, inode: Number(wire.inode) } });
    return [{ key, wire, read, before }];
  });
  await lookRepeatedly(
    watch,
    others.map(({ key }) => key),
    timers,
  );
  const { scrape, uptimeMs } = host.read();
  const changeMs = now() - startedMs;
  watch.note(ROOT, noteOf(scrape));
  const rootListeners = watch.take(ROOT);
  const again = others.flatMap(({ key, wire, read, before }) => {
    const after = read();
    if (after === null) return [];
    watch.note(key, { ...noteOf(after), place: { pid: after.pid, inode: Number(wire.inode) } });
    return [{ wire, ...after, changes: changesOf(before, after), taken: watch.take(key) }];
  });
  watch.stop();

  judgeRoot(procfs, capabilities);
  const sysctls = createSysctlSource(procfs, capabilities)(uptimeMs) ?? {};
  const changes = changesOf(first, scrape);
  const owners = createOwners({ procfs, now: () => 0, linksPerLook: OWNER_LINKS });
  owners.look(unowned([rootListeners, ...again.map(({ taken }) => taken)]));
  return {
    name,
    labels,
    facts: host.facts,
    uptimeMs,
    scrape,
    changes,
    changeMs,
    sysctls,
    listeners: advise(rootListeners, owners, { names: scrape.names, changes }, sysctls),
    namespaces: again.map(({ taken, ...namespace }) => ({
      ...namespace,
      // The kernel shows a process the settings of its own namespace only.
      listeners: advise(taken, owners, namespace, {}),
    })),
    capabilities: capabilities.list(),
  };
}

async function lookRepeatedly(watch: ListenerWatch, keys: readonly string[], timers: Timers): Promise<void> {
  let due = keys;
  for (let look = 1; look <= LOOKS; look += 1) {
    await watch.look();
    const busy: string[] = [];
    for (const key of due) if (await watch.look(key)) busy.push(key);
    due = busy.slice(0, BUSY_PER_LOOK);
    if (look < LOOKS) await new Promise<void>((resolve) => timers.after(GAP_MS, resolve));
  }
}

function noteOf({ names, values }: Readings) {
  return {
    listenDrops: values[names.indexOf("TcpExtListenDrops")] ?? null,
    listenOverflows: values[names.indexOf("TcpExtListenOverflows")] ?? null,
  };
}

/** Of each counter of the second reading. */
function changesOf(first: Readings, second: Readings): (Count | null)[] {
  const before = new Map(first.names.map((counter, index) => [counter, first.values[index] ?? null]));
  return second.names.map((counter, index) =>
    difference(second.values[index] ?? null, before.get(counter) ?? null),
  );
}

/** Below 0 for a gauge that fell. */
function difference(now: Count | null, before: Count | null): Count | null {
  if (now === null || before === null) return null;
  if (typeof now === "number" && typeof before === "number") return now - before;
  const change = BigInt(now) - BigInt(before);
  return Number.isSafeInteger(Number(change)) ? Number(change) : change;
}

/** The watch names the owners of busy sockets alone, to be cheap; a person wants them all. */
function unowned(lists: readonly (WireListeners | undefined)[]): string[] {
  const sockets = lists.flatMap((list) => list?.sockets ?? []);
  return sockets.filter(({ owner }) => owner === undefined).map(({ inode }) => inode);
}

function advise(
  listeners: WireListeners | undefined,
  owners: Owners,
  counted: { readonly names: readonly string[]; readonly changes: readonly (Count | null)[] },
  sysctls: Sysctls,
): SeenListeners | undefined {
  if (listeners === undefined) return undefined;
  const text = sysctls["net.core.somaxconn"];
  const somaxconn = text === undefined ? null : Number(text);
  const dropsRose = (counted.changes[counted.names.indexOf("TcpExtListenDrops")] ?? 0) > 0;
  const { samples, source } = listeners;
  const sockets = listeners.sockets.map((socket) => {
    const { limit, peakQueue, acceptQueue: lastQueue, samplesFull } = socket;
    const owner = socket.owner ?? owners.nameOf(socket.inode);
    return {
      ...socket,
      ...(owner === undefined ? {} : { owner }),
      advice: backlogAdvice({ limit, somaxconn, peakQueue, lastQueue, samplesFull, samples, dropsRose }),
    };
  });
  return { source, samples, sockets };
}
