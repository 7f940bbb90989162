import { BOOT_TIME, type CounterEntry, counterEntry, findCounter } from "../../catalog/catalog.ts";
import { LABEL_NAME, LIMITS } from "../../protocol/limits.ts";
import { storable } from "../../store/storable.ts";
import type { SampleSeries } from "./series.ts";

/** Whose a series is. */
export interface SeriesPlace {
  readonly host: string;
  /** Labels of the host, or, where there is a container, of the container. */
  readonly labels: Readonly<Record<string, string>>;
  /** What tells the containers of a host apart; null for the host itself. */
  readonly container: string | null;
}

/** Whose a series is, and of which counter. */
export interface SeriesOwner {
  readonly entry: CounterEntry;
  readonly place: SeriesPlace;
}

type Labels = SampleSeries["labels"];

const CADVISOR = "container_network_advance_tcp_stats_total";
/** What cAdvisor says of a container, and of the machine that it runs on nothing. */
const CONTAINER_LABELS: readonly string[] = ["container", "id", "image", "name", "namespace", "pod"];
/** Labels that say which host it is, the first that there is: Prometheus' own, then Telegraf's. */
const HOST_LABELS: readonly string[] = ["instance", "host", "node"];

/** Whose the series of one request are: those that share their labels are of one host, which is looked at once. */
export class Owners {
  readonly #hosts = new Map<Labels, SeriesPlace | string>();
  readonly #containers = new Map<Labels, SeriesPlace | string>();
  #last: {
    readonly labels: Labels;
    readonly isContainer: boolean;
    readonly place: SeriesPlace | string;
  } | null = null;

  /**
   * The counter and the host of a series; null for a metric that is no counter of the catalog, and a sentence for one
   * that cannot be taken.
   *
   * The host is the label `instance` without its port, else `host`, else `node`. Its other labels are the host's.
   */
  of({ metric, labels }: Pick<SampleSeries, "metric" | "labels">): SeriesOwner | string | null {
    const entry = entryOf(metric, labels);
    if (entry === null) return null;
    const isContainer = metric === CADVISOR;
    const place = this.#placeOf(labels, isContainer);
    return typeof place === "string" ? `${metric}: ${place}` : { entry, place };
  }

  #placeOf(labels: Labels, isContainer: boolean): SeriesPlace | string {
    // Nearly always those of the series before.
    if (this.#last?.labels === labels && this.#last.isContainer === isContainer) return this.#last.place;
    const known = isContainer ? this.#containers : this.#hosts;
    let place = known.get(labels);
    if (place === undefined) {
      place = placeOf(labels, isContainer);
      known.set(labels, place);
    }
    this.#last = { labels, isContainer, place };
    return place;
  }
}

function placeOf(labels: Labels, isContainer: boolean): SeriesPlace | string {
  const named = HOST_LABELS.find((name) => (labels.get(name) ?? "") !== "");
  if (named === undefined) return "no label `instance`, `host` or `node` says which host it is of";
  const host = withoutPort(labels.get(named) ?? "");
  if (host === "" || host.length > LIMITS.hostNameLength)
    return `"${host.slice(0, 60)}" is no name of a host`;
  const own = [...labels].filter(
    ([name, value]) => value !== "" && name !== named && name !== "tcp_state" && LABEL_NAME.test(name),
  );
  const kept = own.filter(([name]) => CONTAINER_LABELS.includes(name) === isContainer);
  return {
    host,
    container: isContainer ? JSON.stringify(kept) : null,
    labels: Object.fromEntries(kept.map(([name, value]) => [name, cut(value)])),
  };
}

/** Metrics remembered at most: senders have some hundreds, unless one invents them. */
const REMEMBERED = 20_000;
const entries = new Map<string, CounterEntry | null>();

/** The counter that a metric is; null for any other metric. */
function entryOf(metric: string, labels: Labels): CounterEntry | null {
  if (metric === CADVISOR) return findCounter(`${CADVISOR}{tcp_state="${labels.get("tcp_state") ?? ""}"}`);
  let entry = entries.get(metric);
  if (entry === undefined) {
    if (entries.size >= REMEMBERED) entries.clear();
    entry = counterOf(metric);
    entries.set(metric, entry);
  }
  return entry;
}

function counterOf(metric: string): CounterEntry | null {
  if (metric.startsWith("node_netstat_")) return findCounter(metric);
  // Of the same scrape as the counters, and so of the same time. Telegraf's `kernel_boot_time` is of another plugin's,
  // which may lie a second beside and would come between two values of each counter.
  if (metric === "node_boot_time_seconds") return counterEntry(BOOT_TIME);
  // Telegraf's input nstat, whose fields are the full names.
  return metric.startsWith("nstat_") ? findCounter(metric.slice("nstat_".length)) : null;
}

/** `web-1:9100` is of web-1, `[::1]:9100` of ::1; an address of IPv6 without brackets has no port. */
function withoutPort(instance: string): string {
  const bracketed = /^\[([^\]]*)\](:[0-9]+)?$/.exec(instance);
  if (bracketed !== null) return bracketed[1] ?? "";
  return /^[^:]*:[0-9]+$/.test(instance) ? instance.slice(0, instance.lastIndexOf(":")) : instance;
}

function cut(value: string): string {
  return storable(value.slice(0, LIMITS.labelValueLength));
}
