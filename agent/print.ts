import type { Scrape } from "./collector.ts";
import type { HostFacts } from "./host-facts.ts";
import { wireValue } from "./snapshot.ts";

/** What `--print` shows. */
export interface Printed {
  readonly name: string;
  readonly facts: HostFacts;
  readonly uptimeMs: number;
  readonly scrape: Scrape;
}

/** A table of names and values in the kernel's order; `-` where the kernel prints no count. */
export function printTable({ name, facts, uptimeMs, scrape }: Printed): string {
  const values = scrape.values.map((value) => (value === null ? "-" : String(value)));
  const nameWidth = scrape.names.reduce((width, counter) => Math.max(width, counter.length), 0);
  const valueWidth = values.reduce((width, value) => Math.max(width, value.length), 0);
  const rows = scrape.names.map(
    (counter, i) => `${counter.padEnd(nameWidth)}  ${(values[i] ?? "").padStart(valueWidth)}`,
  );
  const uptime = `up ${(uptimeMs / 1_000).toFixed(3)} s`;
  const head = `${name}  Linux ${facts.kernel} ${facts.arch}  ${uptime}  ${rows.length} counters`;
  return `${[head, "", ...rows].join("\n")}\n`;
}

/** The same as one JSON object; values as on the wire, so digits above 2^53-1 survive as strings. */
export function printJson({ name, facts, uptimeMs, scrape }: Printed): string {
  const counters = Object.fromEntries(
    scrape.names.map((counter, i) => [counter, wireValue(scrape.values[i] ?? null)]),
  );
  return `${JSON.stringify({ name, ...facts, uptimeMs, counters }, null, 2)}\n`;
}
