import type { Count } from "../../protocol/count.ts";
import type { SeriesPlace } from "./owner.ts";

/** What was read at one time: names of counters as they came, one perhaps twice, and their values. */
export interface Reading {
  readonly names: string[];
  readonly counts: Count[];
  /** When the first of them began to count, in ms since 1970; null where nobody says. */
  startedAt: number | null;
}

interface NamespaceGroup {
  readonly labels: Readonly<Record<string, string>>;
  /** By time, in ms since 1970. */
  readonly times: Map<number, Reading>;
}

export interface HostGroup {
  readonly name: string;
  /** Those that its own series have alike; null where there are none but of its containers. */
  labels: Readonly<Record<string, string>> | null;
  /** By what tells containers apart; the host itself under the empty text. */
  readonly namespaces: Map<string, NamespaceGroup>;
}

/** Samples by host, namespace and time. What is added next is nearly always of the same, and finds it at once. */
export class HostGroups {
  readonly #hosts = new Map<string, HostGroup>();
  #place: SeriesPlace | null = null;
  #times: Map<number, Reading> = new Map();
  #at = Number.NaN;
  #reading: Reading = newReading();

  /** What is added from here on is of this place. */
  open(place: SeriesPlace): void {
    if (place === this.#place) return;
    const host = this.#hostOf(place.host);
    if (place.container === null) {
      host.labels = host.labels === null ? place.labels : common(host.labels, place.labels);
    }
    const key = place.container ?? "";
    let namespace = host.namespaces.get(key);
    if (namespace === undefined) {
      namespace = { labels: place.labels, times: new Map() };
      host.namespaces.set(key, namespace);
    }
    this.#place = place;
    if (namespace.times === this.#times) return;
    this.#times = namespace.times;
    this.#at = Number.NaN;
  }

  /** @param startedAt when it began to count, ms since 1970; null where nobody says */
  add(at: number, counter: string, count: Count, startedAt: number | null): void {
    if (at !== this.#at) {
      this.#at = at;
      this.#reading = this.#readingOf(at);
    }
    this.#reading.names.push(counter);
    this.#reading.counts.push(count);
    // A start that is the time of the sample says that it is not known: OTLP's "true reset point".
    if (startedAt === null || startedAt >= at) return;
    this.#reading.startedAt = Math.min(startedAt, this.#reading.startedAt ?? startedAt);
  }

  all(): Iterable<HostGroup> {
    return this.#hosts.values();
  }

  #hostOf(name: string): HostGroup {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { name, labels: null, namespaces: new Map() };
      this.#hosts.set(name, host);
    }
    return host;
  }

  #readingOf(at: number): Reading {
    let reading = this.#times.get(at);
    if (reading === undefined) {
      reading = newReading();
      this.#times.set(at, reading);
    }
    return reading;
  }
}

function newReading(): Reading {
  return { names: [], counts: [], startedAt: null };
}

/** Labels that both have alike. */
function common(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (a === b) return a;
  const entries = Object.entries(a);
  const same = entries.filter(([name, value]) => b[name] === value);
  return same.length === entries.length ? a : Object.fromEntries(same);
}
