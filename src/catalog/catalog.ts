/**
 * What is known of each kernel counter. A name that the catalog has never seen is answered too: with
 * its kind and no texts, so that a counter of a newer kernel is kept, shown and added up like any other.
 */
import { activeOpens } from "./counters/active-opens.ts";
import { attemptFails } from "./counters/attempt-fails.ts";
import { currEstab } from "./counters/curr-estab.ts";
import { estabResets } from "./counters/estab-resets.ts";
import { listenDrops } from "./counters/listen-drops.ts";
import { listenOverflows } from "./counters/listen-overflows.ts";
import { passiveOpens } from "./counters/passive-opens.ts";
import type { CounterEntry } from "./entry.ts";
import { counterKind, GROUPS, isEventCounter } from "./kinds.ts";
import { type CounterNames, counterNames } from "./search.ts";
import { counterUnit } from "./units.ts";

export type { CounterEntry } from "./entry.ts";
export { isConstant, isEventCounter, isGauge } from "./kinds.ts";

const DOCUMENTED: readonly CounterEntry[] = [
  listenOverflows,
  listenDrops,
  attemptFails,
  activeOpens,
  passiveOpens,
  currEstab,
  estabResets,
];

const BY_NAME: ReadonlyMap<string, CounterEntry> = new Map(DOCUMENTED.map((entry) => [entry.name, entry]));

/** Built at the first search: an agent, which never searches, does not pay for it. */
let names: CounterNames | undefined;

/** The seven counters that the service is about, in the order in which it shows them. */
export const SEED_COUNTERS: readonly string[] = DOCUMENTED.map((entry) => entry.name);

/** The counters that have texts, the most important first. */
export function documentedCounters(): readonly CounterEntry[] {
  return DOCUMENTED;
}

/** The entry of a counter by its full name. Always answers. */
export function counterEntry(name: string): CounterEntry {
  return BY_NAME.get(name) ?? undocumented(name);
}

/**
 * The entry that a person or another tool means: by full name, by field alone where one group has it
 * (`ListenOverflows`), or by the name another tool uses (`node_netstat_TcpExt_ListenOverflows`). The
 * letters as written come first, then any case. Null when the name means nothing, or several counters.
 *
 * A full name of a known group is answered even when the field is new: kernels add fields.
 */
export function findCounter(nameOrAlias: string): CounterEntry | null {
  names ??= counterNames(DOCUMENTED);
  const found = names.find(nameOrAlias);
  if (found !== null) return counterEntry(found);
  return splitCounterName(nameOrAlias).group === "" ? null : counterEntry(nameOrAlias);
}

/**
 * Cuts a full name into group and field: `TcpExtListenDrops` is TcpExt and ListenDrops. The group is
 * empty, and the field the whole name, when the name belongs to no known group. Fields begin with a
 * capital letter, by which `Ip6InReceives` is told from a field of Ip.
 */
export function splitCounterName(full: string): { readonly group: string; readonly field: string } {
  // The first that fits is the longest: TcpExt stands before Tcp.
  const group = GROUPS.find((known) => full.startsWith(known));
  if (group !== undefined) {
    const field = full.slice(group.length);
    if (/^[A-Z]/.test(field)) return { group, field };
  }
  return { group: "", field: full };
}

function undocumented(name: string): CounterEntry {
  const { group, field } = splitCounterName(name);
  return {
    name,
    group,
    field,
    kind: counterKind(name, group),
    unit: counterUnit(name, group),
    event: isEventCounter(name),
    aliases: [],
    meaning: null,
    incrementedBy: [],
    implies: null,
    remedy: null,
    netstatText: null,
    caveats: [],
  };
}
