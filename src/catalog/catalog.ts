/**
 * What is known of each kernel counter. A name that the catalog has never seen is answered too: as of
 * kind UNKNOWN and without texts, so that a counter of a newer kernel is kept, shown and added up like any other.
 */
import { NOT_IN_NODE_EXPORTER, PER_NAMESPACE } from "./counters/common.ts";
import { FAMILIES } from "./documented.ts";
import type { CounterEntry, CounterTexts } from "./entry.ts";
import { isListed, listedCounters } from "./fields.ts";
import { splitCounterName } from "./groups.ts";
import { counterKind, isConstant, isEventCounter } from "./kinds.ts";
import { MEANINGS } from "./meanings.ts";
import { netstatLine } from "./netstat-lines.ts";
import { inNodeExporter, peerNames } from "./peers.ts";
import { type CounterNames, counterNames } from "./search.ts";
import { counterUnit } from "./units.ts";

export type { CounterEntry } from "./entry.ts";
export { isListed } from "./fields.ts";
export { splitCounterName } from "./groups.ts";
export { BOOT_TIME, isConstant, isEventCounter, isGauge, START_TIME } from "./kinds.ts";
export { SEED_COUNTERS } from "./seed.ts";

const TEXTS: ReadonlyMap<string, CounterTexts> = new Map(
  FAMILIES.flatMap(({ counters }) => counters).map((texts) => [texts.name, texts]),
);

const DOCUMENTED: readonly CounterEntry[] = [...TEXTS.keys()].map(describe);

/** Every counter that kernels are known to print: those that have texts first, the most important at the top. */
const KNOWN: ReadonlyMap<string, CounterEntry> = new Map(
  [...DOCUMENTED, ...[...listedCounters()].filter((name) => !TEXTS.has(name)).map(describe)].map((entry) => [
    entry.name,
    entry,
  ]),
);

const NAMES: CounterNames = counterNames(KNOWN.values());

/** The counters that have texts, the most important first. */
export function documentedCounters(): readonly CounterEntry[] {
  return DOCUMENTED;
}

/** Every counter that kernels are known to print, those that have texts first. */
export function knownCounters(): Iterable<CounterEntry> {
  return KNOWN.values();
}

/** The entry of a counter by its full name. Always answers. */
export function counterEntry(name: string): CounterEntry {
  return KNOWN.get(name) ?? describe(name);
}

/**
 * The entry that a person or another tool means: by full name, by field alone where one group has it
 * (`ListenOverflows`), or by the name another tool uses (`node_netstat_TcpExt_ListenOverflows`). The
 * letters as written come first, then any case. Null when the name means nothing, or several counters.
 *
 * A full name of a known group is answered even when the field is new: kernels add fields.
 */
export function findCounter(nameOrAlias: string): CounterEntry | null {
  const [found, ...others] = NAMES.find(nameOrAlias);
  if (found !== undefined) return others.length === 0 ? counterEntry(found) : null;
  return splitCounterName(nameOrAlias).group === "" ? null : counterEntry(nameOrAlias);
}

/** The full names that a name may mean, when it means several counters; otherwise none. */
export function ambiguousCounters(nameOrAlias: string): readonly string[] {
  const found = NAMES.find(nameOrAlias);
  return found.length > 1 ? found : [];
}

function describe(name: string): CounterEntry {
  const { group, field } = splitCounterName(name);
  const kind = counterKind(name);
  const texts = TEXTS.get(name);
  const ofProcNet = isListed(name) && !group.startsWith("Sockstat");
  return {
    name,
    group,
    field,
    kind,
    unit: counterUnit(name, group),
    event: isEventCounter(name),
    aliases: ofProcNet ? peerNames(group, field, kind === "COUNTER") : [],
    meaning: MEANINGS.get(name) ?? null,
    incrementedBy: texts?.incrementedBy ?? [],
    implies: texts?.implies ?? null,
    remedy: texts?.remedy ?? null,
    netstatText: ofProcNet ? netstatText(netstatLine(group, field), texts?.netstatMisleads ?? null) : null,
    caveats: texts === undefined ? [] : [...texts.caveats, ...sharedCaveats(group, field)],
  };
}

function netstatText(line: string | null, misleads: string | null): string | null {
  if (line === null) return null;
  return misleads === null ? `"${line}".` : `"${line}". ${misleads}`;
}

function sharedCaveats(group: string, field: string): string[] {
  if (isConstant(group + field)) return [];
  return inNodeExporter(group, field) ? [PER_NAMESPACE] : [NOT_IN_NODE_EXPORTER, PER_NAMESPACE];
}
