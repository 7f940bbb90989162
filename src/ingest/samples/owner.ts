import { BOOT_TIME, type CounterEntry, counterEntry, findCounter } from "../../catalog/catalog.ts";
import { LABEL_NAME, LIMITS } from "../../protocol/limits.ts";

/** Whose a series is, and of which counter. */
export interface SeriesOwner {
  readonly entry: CounterEntry;
  readonly host: string;
  /** Labels of the host, or, where there is a container, of the container. */
  readonly labels: Readonly<Record<string, string>>;
  /** What tells the containers of a host apart; null for the host itself. */
  readonly container: string | null;
}

const CADVISOR = "container_network_advance_tcp_stats_total";
/** What cAdvisor says of a container, and of the machine that it runs on nothing. */
const CONTAINER_LABELS: readonly string[] = ["container", "id", "image", "name", "namespace", "pod"];
/** Labels that say which host it is, the first that there is: Prometheus' own, then Telegraf's. */
const HOST_LABELS: readonly string[] = ["instance", "host", "node"];

/**
 * The counter and the host of a series; null for a metric that is no counter of the catalog, and a sentence for one that
 * cannot be taken.
 *
 * The host is the label `instance` without its port, else `host`, else `node`. Its other labels are the host's.
 */
export function ownerOf(labels: ReadonlyMap<string, string>): SeriesOwner | string | null {
  const metric = labels.get("__name__") ?? "";
  const entry = entryOf(metric, labels);
  if (entry === null) return null;
  const named = HOST_LABELS.find((name) => (labels.get(name) ?? "") !== "");
  if (named === undefined)
    return `${metric}: no label \`instance\`, \`host\` or \`node\` says which host it is of`;
  const host = withoutPort(labels.get(named) ?? "");
  if (host === "" || host.length > LIMITS.hostNameLength)
    return `${metric}: "${host.slice(0, 60)}" is no name of a host`;
  const isContainer = metric === CADVISOR;
  const own = [...labels].filter(
    ([name, value]) => value !== "" && name !== named && name !== "tcp_state" && LABEL_NAME.test(name),
  );
  const kept = own.filter(([name]) => CONTAINER_LABELS.includes(name) === isContainer);
  const container = isContainer ? JSON.stringify(kept) : null;
  return {
    entry,
    host,
    container,
    labels: Object.fromEntries(kept.map(([name, value]) => [name, cut(value)])),
  };
}

function entryOf(metric: string, labels: ReadonlyMap<string, string>): CounterEntry | null {
  if (metric === CADVISOR) return findCounter(`${CADVISOR}{tcp_state="${labels.get("tcp_state") ?? ""}"}`);
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
  return value.slice(0, LIMITS.labelValueLength);
}
