import { LIMITS } from "../../protocol/limits.ts";
import type { WireCapability } from "../../protocol/message.ts";
import { LruMap } from "../../store/lru-map.ts";
import { HostLabels } from "./host-labels.ts";
import { type SampleHost, sampleHost, uuidOf } from "./identity.ts";
import { SampleLayouts } from "./sample-layouts.ts";

/** Hosts remembered at most. */
const REMEMBERED = 50_000;
/** What Prometheus scrapes by in its example, taken for an interval until two times have been seen. */
const EVERY_MS = 15_000;
/** Times between scrapes that are looked at. */
const RECENT = 4;
/** So many scrapes without a counter that is new: what is missing by then is not sent. */
const SETTLED_SCRAPES = 5;

/** Counters that tell causes apart, and the option by which node_exporter sends them. */
const WANTED: readonly string[] = [
  "TcpPassiveOpens",
  "TcpActiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpOutRsts",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPReqQFullDrop",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpExtEmbryonicRsts",
  "TcpExtTCPSynRetrans",
  "TcpExtTCPTimeouts",
  "TcpExtTCPAbortOnMemory",
  "TcpExtTCPAbortOnClose",
  "TcpExtTCPAbortOnData",
];

interface Sender {
  readonly counters: Set<string>;
  sentLast: readonly string[] | null;
  lastAt: number;
  /** The times between its last scrapes, in ms, the newest last. */
  recentMs: readonly number[];
  scrapesSinceNew: number;
  said: string | null;
}

/** The counters that a host does not send. */
interface Missing {
  /** Of the host itself; null for one of which its containers alone are told. */
  readonly own: readonly string[] | null;
  /** Of its containers, all together; null for one that has none. */
  readonly containers: readonly string[] | null;
}

/** What this process has seen of each host that is written from elsewhere: hints alone, learnt anew after a restart. */
export class Senders {
  readonly layouts = new SampleLayouts();
  readonly labels = new HostLabels(REMEMBERED);
  readonly #known = new LruMap<string, Sender>(REMEMBERED);
  readonly #hosts = new LruMap<string, SampleHost & { readonly boot: string }>(REMEMBERED);

  /** Who a host is, and the boot that it has for all time: a restart is told by values. */
  host(name: string): SampleHost & { readonly boot: string } {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { ...sampleHost(name), boot: uuidOf(`boot ${name} `) };
      this.#hosts.set(name, host);
    }
    return host;
  }

  /** Takes in a scrape of a container of a host. @returns as `saw` does */
  sawContainer(id: string, key: string, at: number, counters: readonly string[]): number {
    this.saw(allContainersOf(id), at, counters);
    return this.saw(`${id} ${key}`, at, counters);
  }

  /** Takes in a scrape of a host. @returns the interval between its scrapes, in ms */
  saw(id: string, at: number, counters: readonly string[]): number {
    const sender = this.#of(id);
    // The same list as the last time, and not one like it: a layout's.
    for (const name of counters === sender.sentLast ? [] : counters) {
      if (sender.counters.has(name)) continue;
      sender.counters.add(name);
      sender.scrapesSinceNew = 0;
    }
    sender.sentLast = counters;
    if (at > sender.lastAt) {
      if (sender.lastAt > 0) sender.recentMs = [...sender.recentMs, at - sender.lastAt].slice(-RECENT);
      sender.lastAt = at;
      sender.scrapesSinceNew++;
    }
    const every = intervalOf(sender.recentMs) ?? EVERY_MS;
    return Math.round(Math.min(LIMITS.everyMs.max, Math.max(LIMITS.everyMs.min, every)));
  }

  /** What cannot be seen of a host, once that is known, and whenever it has changed; null otherwise. */
  capabilities(id: string): WireCapability[] | null {
    const sender = this.#of(id);
    const containers = this.#known.get(allContainersOf(id));
    // Of a host that is told of, its own counters are waited for, and those of its containers come beside.
    if (!isSettled(sender.lastAt > 0 ? sender : containers)) return null;
    const own = sender.lastAt > 0 ? sender : null;
    const beside = isSettled(containers) ? containers : null;
    // Counters are only added to those that were seen: their number says whether there is news.
    const said = `${own?.counters.size} ${beside?.counters.size}`;
    if (sender.said === said) return null;
    sender.said = said;
    const missing = { own: own && missingOf(own), containers: beside && missingOf(beside) };
    return capabilitiesOf(missing);
  }

  #of(id: string): Sender {
    let sender = this.#known.get(id);
    if (sender === undefined) {
      sender = {
        counters: new Set(),
        sentLast: null,
        lastAt: 0,
        recentMs: [],
        scrapesSinceNew: 0,
        said: null,
      };
      this.#known.set(id, sender);
    }
    return sender;
  }
}

/** The name by which all containers of a host are known together; no container has it. */
function allContainersOf(id: string): string {
  return `${id} *`;
}

/**
 * The longest time between two of the last scrapes that came more than once: a single long one is a pause. Replicas of
 * Prometheus, or two jobs of one instance, scrape by turns, a moment after each other and then a whole interval later: by
 * the shorter of the two times all others would be gaps.
 */
function intervalOf(recentMs: readonly number[]): number | undefined {
  const sorted = [...recentMs].sort((a, b) => b - a);
  return sorted[1] ?? sorted[0];
}

function isSettled(sender: Sender | undefined): sender is Sender {
  return sender !== undefined && sender.scrapesSinceNew >= SETTLED_SCRAPES;
}

function missingOf({ counters }: Sender): string[] {
  return WANTED.filter((name) => !counters.has(name));
}

function capabilitiesOf({ own, containers }: Missing): WireCapability[] {
  return [
    completeness(own),
    ...(containers === null ? [] : [containersCompleteness(containers)]),
    {
      name: "values.exact",
      available: false,
      reason: "samples are 64-bit floating point, unless OTLP sends integers: counters are exact up to 2^53",
    },
    {
      name: "listeners",
      available: false,
      reason: "samples say nothing of listening sockets: run Spillway's agent to have the listener named",
    },
    containers === null
      ? {
          name: "namespaces",
          available: false,
          reason:
            "node_exporter reads the host's network namespace alone: run Spillway's agent, or cAdvisor with its advtcp metrics",
        }
      : { name: "namespaces", available: true },
  ];
}

function completeness(own: Missing["own"]): WireCapability {
  const name = "counters.complete";
  if (own?.length === 0) return { name, available: true };
  const reason =
    own === null
      ? "nothing is sent of the host itself, only of its containers: run node_exporter there, scraped with the same instance"
      : `not sent: ${words(own)}. Without them some causes cannot be told apart: run node_exporter with --collector.netstat.fields='^(Tcp|TcpExt)_.*'`;
  return { name, available: false, reason };
}

function containersCompleteness(missing: readonly string[]): WireCapability {
  const name = "containers.counters.complete";
  if (missing.length === 0) return { name, available: true };
  return {
    name,
    available: false,
    reason: `not sent of containers: ${words(missing)}. Run cAdvisor with its advtcp metrics, or Spillway's agent`,
  };
}

function words(counters: readonly string[]): string {
  return counters.map((name) => name.replace(/^Tcp(Ext)?/, "")).join(", ");
}
