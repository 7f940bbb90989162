import { counterEntry, documentedCounters } from "../src/catalog/catalog.ts";
import type { WireListener } from "../src/protocol/message.ts";
import { columns } from "./columns.ts";
import type { Seen, SeenListeners } from "./look.ts";
import { wireValue } from "./snapshot.ts";

/**
 * What was seen, for people: counters, listeners, and what cannot be seen.
 *
 * @param all also the counters that are 0 and that the catalog has no texts for.
 */
export function printTable(seen: Seen, all: boolean): string {
  const { name, facts, uptimeMs, scrape, labels } = seen;
  const uptime = `up ${(uptimeMs / 1_000).toFixed(3)} s`;
  const head = `${name}  Linux ${facts.kernel} ${facts.arch}  ${uptime}  ${scrape.names.length} counters`;
  const labelled = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const lines = [
    head,
    ...(labelled.length === 0 ? [] : [labelled.join("  ")]),
    "",
    ...counterLines(seen, all),
    "",
    ...listenerLines(seen.listeners),
    ...missingLines(seen),
  ];
  return `${lines.join("\n")}\n`;
}

/** Documented counters first, the most important at the top, then the kernel's order. `-`: there is no count. */
function counterLines({ scrape, changes, changeMs }: Seen, all: boolean): string[] {
  const documented = documentedCounters().map((entry) => entry.name);
  const order = scrape.names.map((counter, index) => {
    const rank = documented.indexOf(counter);
    return { counter, index, rank: rank === -1 ? documented.length : rank };
  });
  const shown = order
    .filter(({ index, rank }) => all || rank < documented.length || (scrape.values[index] ?? 0) > 0)
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
  const rows = shown.map(({ counter, index }) => {
    const change = changes[index] ?? null;
    const { unit, meaning } = counterEntry(counter);
    return [
      counter,
      String(scrape.values[index] ?? "-"),
      change === null ? "-" : change > 0 ? `+${change}` : String(change),
      unit,
      shortMeaning(meaning),
    ];
  });
  const left = scrape.names.length - shown.length;
  return [
    `Counters; change: growth over the last ${(changeMs / 1_000).toFixed(1)} s`,
    ...columns(
      [["COUNTER", "VALUE", "CHANGE", "UNIT", "MEANING"], ...rows],
      ["left", "right", "right", "left", "left"],
    ),
    ...(left === 0 ? [] : [`${left} more have no count or are 0: --all shows them`]),
  ];
}

/** The first clause of it: what follows a colon or a full stop explains. */
function shortMeaning(meaning: string | null): string {
  return meaning === null ? "" : (meaning.split(/[.:](?:\s|$)/, 1)[0] ?? "");
}

function listenerLines(listeners: SeenListeners | undefined): string[] {
  if (listeners === undefined) return ["Listeners: none could be seen"];
  const { sockets, samples, source } = listeners;
  if (sockets.length === 0) return ["Listeners: there are none"];
  const head = ["ADDRESS", "PORT", "QUEUE/LIMIT", "FILL", "FULL", "DROPS", "OWNER"];
  const rows = sockets.map((socket) => [
    socket.address,
    String(socket.port),
    `${socket.acceptQueue}/${socket.limitInferred === true ? "~" : ""}${socket.limit ?? "?"}`,
    fillOf(socket),
    socket.limit === null ? "?" : `${socket.samplesFull}/${samples}`,
    String(socket.drops ?? "?"),
    socket.owner ?? (socket.uid === undefined ? "?" : `uid ${socket.uid}`),
  ]);
  const [heading = "", ...lines] = columns(
    [head, ...rows],
    ["left", "right", "right", "right", "right", "right", "left"],
  );
  const means = source === "ss" ? "ss" : "/proc/net/tcp";
  return [
    `Listeners by ${means}; full: of ${samples} looks; drops: of the socket's whole life; ?: cannot be seen`,
    heading,
    ...lines.flatMap((line, index) => {
      const advice = sockets[index]?.advice ?? null;
      return advice === null ? [line] : [line, `    ${advice}`];
    }),
  ];
}

/** Of what the queue holds, which is one more than the limit. */
function fillOf({ acceptQueue, limit }: WireListener): string {
  return limit === null ? "?" : `${Math.round((100 * acceptQueue) / (limit + 1))}%`;
}

function missingLines({ capabilities }: Seen): string[] {
  const missing = capabilities.filter(({ available }) => !available);
  if (missing.length === 0) return [];
  const rows = missing.map(({ name, reason }) => [name, reason ?? "no reason is known"]);
  return ["", "What cannot be seen here, and why", ...columns(rows, ["left", "left"])];
}

/** All of it as one JSON object; counts as on the wire, so digits above 2^53-1 survive as strings. */
export function printJson(seen: Seen): string {
  const { name, labels, facts, uptimeMs, scrape, changes, changeMs, sysctls, listeners, capabilities } = seen;
  const byName = (counts: Seen["changes"]) =>
    Object.fromEntries(scrape.names.map((counter, index) => [counter, wireValue(counts[index] ?? null)]));
  const shown = {
    name,
    labels,
    ...facts,
    uptimeMs,
    counters: byName(scrape.values),
    changeMs: Math.round(changeMs),
    changes: byName(changes),
    sysctls,
    listeners: listeners ?? null,
    capabilities,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}
