import { type Labels, sameLabels } from "../../store/labels/effective.ts";
import { LruMap } from "../../store/lru-map.ts";

/**
 * A label that changes twice within this time has several senders, which have it by turns; and what is older by more than
 * this than the newest that was heard says nothing of now.
 */
const SETTLED_MS = 600_000;

interface Change {
  /** Of the first sample with the value that holds now, ms since 1970. */
  readonly at: number;
  readonly varies: boolean;
}

interface Said {
  readonly labels: Labels;
  /** Without those that vary. */
  readonly kept: Labels;
  /** By name, of those labels alone that have changed of late. */
  readonly changes: ReadonlyMap<string, Change>;
  /** Of the newest sample, ms since 1970. */
  newest: number;
}

const NONE: ReadonlyMap<string, Change> = new Map();

/**
 * Which labels are a host's, of those that its samples come with. A label that changes holds at once; one that changes
 * again within ten minutes is its senders' (two replicas of Prometheus, two jobs of one instance) and none of the
 * host's, until it was the same for as long.
 */
export class HostLabels {
  readonly #said: LruMap<string, Said>;

  /** @param max hosts remembered at most; one that is not is taken at its word */
  constructor(max: number) {
    this.#said = new LruMap(max);
  }

  /**
   * Takes in what a request says of a host.
   *
   * @param at of its newest sample, ms since 1970: what is older than a change does not undo it
   * @returns the labels that are the host's
   */
  of(id: string, labels: Labels, at: number): Labels {
    const before = this.#said.get(id);
    if (before === undefined) {
      this.#said.set(id, { labels, kept: labels, changes: NONE, newest: at });
      return labels;
    }
    if (at < before.newest - SETTLED_MS) return before.kept;
    before.newest = Math.max(before.newest, at);
    if (before.changes.size === 0 && sameLabels(before.labels, labels)) return before.kept;
    const said = changed(before, labels, at);
    this.#said.set(id, said);
    return said.kept;
  }
}

/** What is known of a host once a request has said more; a name that it does not say has changed as well. */
function changed(before: Said, now: Labels, at: number): Said {
  const labels: Record<string, string> = {};
  const changes = new Map<string, Change>();
  for (const name of new Set([
    ...Object.keys(before.labels),
    ...Object.keys(now),
    ...before.changes.keys(),
  ])) {
    const last = before.changes.get(name);
    const isOld = last !== undefined && at < last.at;
    const isRecent = last !== undefined && at - last.at <= SETTLED_MS;
    const [old, value] = [ownValue(before.labels, name), ownValue(isOld ? before.labels : now, name)];
    if (value !== undefined) labels[name] = value;
    if (value !== old) changes.set(name, { at, varies: isRecent });
    else if (isRecent) changes.set(name, last);
  }
  const kept = Object.entries(labels).filter(([name]) => changes.get(name)?.varies !== true);
  return { labels, kept: Object.fromEntries(kept), changes, newest: before.newest };
}

function ownValue(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
