import type { HostRecord } from "../directory.ts";
import type { Fleet } from "../fleet-view.ts";
import type { Range } from "./range.ts";
import { MINUTE_MS } from "./resolution.ts";

export type Labels = Readonly<Record<string, string>>;

/** The labels that a host had from a moment on, until the next; ms since 1970. */
export interface LabelSpan {
  readonly from: number;
  readonly labels: Labels;
}

/** A host's labels over time, by ascending `from`. The first hold for all time before as well. */
export type LabelsOverTime = (host: HostRecord) => readonly LabelSpan[];

/** A namespace goes over to another group. */
export interface GroupChange {
  /** The first minute in which it is there, ms since 1970. */
  readonly from: number;
  readonly namespaceId: number;
  readonly group: number;
}

/** Which namespaces a question is over, and into which of several series each goes. */
export interface Groups {
  /** Of each group, by its index. */
  readonly labels: readonly Labels[];
  /** The group of each namespace when the range begins; one that is not in it is left out. */
  readonly of: ReadonlyMap<number, number>;
  /** Within the range, in the order of time. */
  readonly changes: readonly GroupChange[];
}

/** Labels as they are now, for all time. */
export function currentLabels({ labels }: HostRecord): readonly LabelSpan[] {
  return [{ from: Number.NEGATIVE_INFINITY, labels }];
}

/**
 * Groups the namespaces of hosts by labels, of a container where it has one of the name, else of its host: what is
 * said of the container says more. A root namespace has no labels but its host's, so that by a label of containers
 * it is in the group of the empty string, as is whatever lacks the label.
 *
 * A label that changed splits its host's past where it did: a minute belongs to the labels that held when it began.
 *
 * @param names none for one group of all
 */
export function groupNamespaces(
  { namespacesOf }: Fleet,
  hosts: readonly HostRecord[],
  names: readonly string[],
  range: Range,
  labelsOf: LabelsOverTime,
): Groups {
  const groups = new GroupTable(names);
  const of = new Map<number, number>();
  const changes: GroupChange[] = [];
  if (names.length === 0) groups.of({}, {});
  for (const host of hosts) {
    const known = names.length === 0 ? [] : labelsOf(host);
    const spans = known.length === 0 ? currentLabels(host) : spansWithin(known, range);
    for (const namespace of namespacesOf.get(host.id) ?? []) {
      let before = -1;
      for (const { from, labels } of spans) {
        const group = groups.of(namespace.labels, labels);
        if (group === before) continue;
        if (before === -1) of.set(namespace.id, group);
        else changes.push({ from, namespaceId: namespace.id, group });
        before = group;
      }
    }
  }
  return { labels: groups.labels, of, changes: changes.sort((a, b) => a.from - b.from) };
}

/** The spans that touch a range, in whole minutes; the first begins with it, or holds for all time. */
function spansWithin(spans: readonly LabelSpan[], { from, to }: Range): readonly LabelSpan[] {
  // Nearly every host: its labels have never changed.
  if (spans.length === 1) return spans;
  const within: LabelSpan[] = [];
  for (const span of spans) {
    const start = Math.max(from, Math.ceil(span.from / MINUTE_MS) * MINUTE_MS);
    if (start >= to) break;
    // Of several within a minute, or before the range, the last holds.
    if (within.at(-1)?.from === start) within.pop();
    within.push({ from: start, labels: span.labels });
  }
  const [first] = spans;
  if (first !== undefined && (within[0]?.from ?? to) > from) within.unshift({ from, labels: first.labels });
  return within;
}

/** A label, where it is one of the object's own: what objects inherit is no label. */
function labelIn(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

class GroupTable {
  readonly labels: Labels[] = [];
  readonly #names: readonly string[];
  readonly #indexes = new Map<string, number>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The group of a namespace with these labels, on a host with those. */
  of(own: Labels, host: Labels): number {
    const values = this.#names.map((name) => labelIn(own, name) ?? labelIn(host, name) ?? "");
    // Most questions name one label, whose value is its own key.
    const key = values.length === 1 ? (values[0] ?? "") : JSON.stringify(values);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const labels = Object.fromEntries(this.#names.map((name, place) => [name, values[place] ?? ""]));
    const index = this.labels.push(labels) - 1;
    this.#indexes.set(key, index);
    return index;
  }
}
