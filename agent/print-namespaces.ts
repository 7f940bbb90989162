import type { Count } from "../src/protocol/count.ts";
import type { WireNamespace } from "../src/protocol/message.ts";
import { columns } from "./columns.ts";
import type { Seen, SeenNamespace } from "./look.ts";
import { listenerLines } from "./print-listeners.ts";
import { wireValue } from "./snapshot.ts";

/** Of the counters of a namespace, those that say that something was refused, dropped or ran over. */
const LOSSES: ReadonlySet<string> = new Set([
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPReqQFullDrop",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPBacklogDrop",
  "TcpExtTCPRcvQDrop",
  "TcpExtTCPDeferAcceptDrop",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtTCPFastOpenListenOverflow",
]);

/**
 * The network namespaces beside the root: a short section for each that lost something or has a queue, and
 * how many are quiet.
 *
 * @param all also the quiet ones, and every counter that is not 0.
 */
export function namespaceLines({ namespaces }: Seen, all: boolean): string[] {
  const shown = namespaces.filter((namespace) => all || !isQuiet(namespace));
  const quiet = namespaces.length - shown.length;
  const lines = shown.flatMap((namespace) => ["", ...sectionOf(namespace, all)]);
  if (quiet === 1) lines.push("", "and 1 quiet network namespace: --all shows it");
  if (quiet > 1) lines.push("", `and ${quiet} quiet network namespaces: --all shows them`);
  return lines;
}

/** Nothing was ever lost in it, and nobody waits. */
function isQuiet(namespace: SeenNamespace): boolean {
  return (
    lossesOf(namespace).length === 0 &&
    (namespace.listeners?.sockets ?? []).every(
      ({ acceptQueue, peakQueue, drops, advice }) =>
        acceptQueue === 0 && peakQueue === 0 && (drops ?? 0) === 0 && advice === null,
    )
  );
}

interface Counted {
  readonly name: string;
  readonly value: Count;
  readonly change: Count | null;
}

/** Its counters that are not 0. */
function countedOf({ names, values, changes }: SeenNamespace): Counted[] {
  return names.flatMap((name, index) => {
    const value = values[index] ?? 0;
    return value > 0 ? [{ name, value, change: changes[index] ?? null }] : [];
  });
}

function lossesOf(namespace: SeenNamespace): Counted[] {
  return countedOf(namespace).filter(({ name }) => LOSSES.has(name));
}

function sectionOf(namespace: SeenNamespace, all: boolean): string[] {
  const counted = all ? countedOf(namespace) : lossesOf(namespace);
  const rows = counted.map(({ name, value, change }) => [name, String(value), changeText(change)]);
  return [
    `${titleOf(namespace.wire)}  pid ${namespace.pid}`,
    ...(rows.length === 0
      ? []
      : columns([["COUNTER", "VALUE", "CHANGE"], ...rows], ["left", "right", "right"])),
    ...listenerLines(namespace.listeners),
  ];
}

/** `Container 3f4b7c1e9d0a (docker)`, `Namespace of redis.service (redis-server)`. */
function titleOf({ kind, containerId, name, labels = {}, inode }: WireNamespace): string {
  if (kind === "container") {
    const id =
      labels.container ?? containerId ?? (labels.pod_uid === undefined ? inode : `of pod ${labels.pod_uid}`);
    return `Container ${id}${inBrackets(labels.runtime)}`;
  }
  const whose = name ?? labels.process;
  return whose === undefined
    ? `Namespace ${inode}`
    : `Namespace of ${whose}${name === undefined ? "" : inBrackets(labels.process)}`;
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? "" : ` (${text})`;
}

/** With its sign; `-` where it is not known. */
export function changeText(change: Count | null): string {
  return change === null ? "-" : change > 0 ? `+${change}` : String(change);
}

/** For JSON: all of them, quiet or not. */
export function namespacesJson({ namespaces }: Seen): readonly object[] {
  return namespaces.map(({ wire, pid, names, values, changes, listeners }) => ({
    ...wire,
    pid,
    counters: byName(names, values),
    changes: byName(names, changes),
    listeners: listeners ?? null,
  }));
}

/** Counts as on the wire, so digits above 2^53-1 survive as strings. */
export function byName(names: readonly string[], counts: readonly (Count | null)[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, index) => [name, wireValue(counts[index] ?? null)]));
}
