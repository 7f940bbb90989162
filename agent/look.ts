import { backlogAdvice } from "../src/catalog/backlog-advice.ts";
import type { Count } from "../src/protocol/count.ts";
import type { WireCapability, WireListener, WireListeners } from "../src/protocol/message.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Scrape } from "./collector.ts";
import { createSysctlSource, type Sysctls } from "./collectors/sysctls.ts";
import type { Host } from "./host.ts";
import type { HostFacts } from "./host-facts.ts";
import type { Labels } from "./labels/check.ts";
import { createOwners } from "./listeners/owner.ts";
import { createListenerWatch, type ListenerWatchParts, ROOT } from "./listeners/watch.ts";
import { judgeRoot } from "./namespaces/root.ts";
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
  readonly capabilities: readonly WireCapability[];
}

export interface SeenListeners extends Omit<WireListeners, "sockets"> {
  readonly sockets: readonly (WireListener & { readonly advice: string | null })[];
}

/** As many looks as it takes to tell a queue that stays full from a burst. */
const LOOKS = 5;
const GAP_MS = 250;
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
  /** Stand-ins for tests. */
  readonly listening?: Pick<ListenerWatchParts, "runSs" | "readProc" | "privileges">;
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
  for (let look = 1; look <= LOOKS; look += 1) {
    await watch.look();
    if (look < LOOKS) await new Promise<void>((resolve) => timers.after(GAP_MS, resolve));
  }
  const { scrape, uptimeMs } = host.read();
  const changeMs = now() - startedMs;
  watch.note(ROOT, noteOf(scrape));
  const listeners = watch.take(ROOT);
  watch.stop();

  judgeRoot(procfs, capabilities);
  const sysctls = createSysctlSource(procfs, capabilities)(uptimeMs) ?? {};
  const before = new Map(first.names.map((counter, index) => [counter, first.values[index] ?? null]));
  const changes = scrape.names.map((counter, index) =>
    difference(scrape.values[index] ?? null, before.get(counter) ?? null),
  );
  const dropped = changes[scrape.names.indexOf("TcpExtListenDrops")] ?? 0;
  return {
    name,
    labels,
    facts: host.facts,
    uptimeMs,
    scrape,
    changes,
    changeMs,
    sysctls,
    listeners:
      listeners === undefined ? undefined : advise(withOwners(listeners, procfs), sysctls, dropped > 0),
    capabilities: capabilities.list(),
  };
}

function noteOf({ names, values }: Scrape) {
  return {
    listenDrops: values[names.indexOf("TcpExtListenDrops")] ?? null,
    listenOverflows: values[names.indexOf("TcpExtListenOverflows")] ?? null,
  };
}

/** Below 0 for a gauge that fell. */
function difference(now: Count | null, before: Count | null): Count | null {
  if (now === null || before === null) return null;
  if (typeof now === "number" && typeof before === "number") return now - before;
  const change = BigInt(now) - BigInt(before);
  return Number.isSafeInteger(Number(change)) ? Number(change) : change;
}

/** The watch names the owners of busy sockets alone, to be cheap; a person wants them all. */
function withOwners(listeners: WireListeners, procfs: string): WireListeners {
  const owners = createOwners({ procfs, now: () => 0, linksPerLook: OWNER_LINKS });
  owners.look(listeners.sockets.filter(({ owner }) => owner === undefined).map(({ inode }) => inode));
  const sockets = listeners.sockets.map((socket) => {
    const owner = socket.owner ?? owners.nameOf(socket.inode);
    return owner === undefined ? socket : { ...socket, owner };
  });
  return { ...listeners, sockets };
}

function advise(listeners: WireListeners, sysctls: Sysctls, dropsRose: boolean): SeenListeners {
  const text = sysctls["net.core.somaxconn"];
  const somaxconn = text === undefined ? null : Number(text);
  const { samples } = listeners;
  const sockets = listeners.sockets.map((socket) => {
    const { limit, peakQueue, samplesFull } = socket;
    return {
      ...socket,
      advice: backlogAdvice({ limit, somaxconn, peakQueue, samplesFull, samples, dropsRose }),
    };
  });
  return { ...listeners, sockets };
}
