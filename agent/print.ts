import { SEED_COUNTERS } from "../src/catalog/seed.ts";
import { counterSummary } from "../src/catalog/summary.ts";
import { columns } from "./columns.ts";
import type { Seen } from "./look.ts";
import { listenerLines } from "./print-listeners.ts";
import { byName, changeText, namespaceLines, namespacesJson } from "./print-namespaces.ts";

/**
 * What was seen, for people: counters and listeners of the root, the other network namespaces in short, and what
 * cannot be seen.
 *
 * @param all also the counters that are 0, and quiet namespaces.
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
    ...namespaceLines(seen, all),
    ...missingLines(seen),
  ];
  return `${lines.join("\n")}\n`;
}

/** The counters that Spillway is about at the top, then the kernel's order. `-`: there is no count. */
function counterLines({ scrape, changes, changeMs }: Seen, all: boolean): string[] {
  const order = scrape.names.map((counter, index) => {
    const rank = SEED_COUNTERS.indexOf(counter);
    return { counter, index, rank: rank === -1 ? SEED_COUNTERS.length : rank };
  });
  const shown = order
    .filter(({ index, rank }) => all || rank < SEED_COUNTERS.length || (scrape.values[index] ?? 0) > 0)
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
  const rows = shown.map(({ counter, index }) => {
    const { unit, meaning } = counterSummary(counter);
    return [
      counter,
      String(scrape.values[index] ?? "-"),
      changeText(changes[index] ?? null),
      unit,
      meaning ?? "",
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

function missingLines({ capabilities }: Seen): string[] {
  const missing = capabilities.filter(({ available }) => !available);
  if (missing.length === 0) return [];
  const rows = missing.map(({ name, reason }) => [name, reason ?? "no reason is known"]);
  return ["", "What cannot be seen here, and why", ...columns(rows, ["left", "left"])];
}

/** All of it as one JSON object. */
export function printJson(seen: Seen): string {
  const { name, labels, facts, uptimeMs, scrape, changes, changeMs, sysctls, listeners, capabilities } = seen;
  const shown = {
    name,
    labels,
    ...facts,
    uptimeMs,
    counters: byName(scrape.names, scrape.values),
    changeMs: Math.round(changeMs),
    changes: byName(scrape.names, changes),
    sysctls,
    listeners: listeners ?? null,
    namespaces: namespacesJson(seen),
    capabilities,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}
