import type { CounterEntry } from "./entry.ts";
import { FIELDS } from "./fields.ts";
import { GROUPS } from "./kinds.ts";

/** From a name as somebody wrote it to the one full name that it means. */
export interface CounterNames {
  find(written: string): string | null;
}

/**
 * Every name by which a counter can be asked for: its full name, its field without the group, and what
 * other tools call it. A form that fits two counters fits none: InErrors is a field of three groups.
 */
export function counterNames(documented: readonly CounterEntry[]): CounterNames {
  const exact = new Map<string, string | null>();
  const folded = new Map<string, string | null>();
  const add = (form: string, name: string) => {
    addOnce(exact, form, name);
    addOnce(folded, form.toLowerCase(), name);
  };
  for (const group of GROUPS) {
    for (const field of FIELDS[group].trim().split(/\s+/)) {
      add(group + field, group + field);
      add(field, group + field);
    }
  }
  for (const entry of documented) {
    for (const alias of entry.aliases) add(alias, entry.name);
  }
  return { find: (written) => exact.get(written) ?? folded.get(written.toLowerCase()) ?? null };
}

/** Keeps null where the form already means another counter. */
function addOnce(names: Map<string, string | null>, form: string, name: string): void {
  const known = names.get(form);
  names.set(form, known === undefined || known === name ? name : null);
}
