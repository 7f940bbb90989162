import { SpillwayError } from "../../errors.ts";
import { HOUR_MS } from "./record.ts";

/** Why something stored cannot be read: the label of a metric. */
export type UnreadableReason =
  | "damaged_hour"
  | "damaged_values"
  | "damaged_listeners"
  | "no_epoch"
  | "no_layout"
  | "damaged_minute";

/** Something stored that cannot be read. */
export interface Unreadable {
  readonly namespaceId: number;
  /** Of a compacted hour its start, of a snapshot its time; ms since 1970. */
  readonly at: number;
  readonly reason: UnreadableReason;
  /** What is wrong with it, and what a person can do. */
  readonly what: string;
}

/** Snapshots that are stored and cannot be read: the message names the first of them, `all` has each. */
export class UnreadableError extends SpillwayError {
  readonly all: readonly Unreadable[];

  constructor(all: readonly [Unreadable, ...Unreadable[]], options: { cause?: unknown } = {}) {
    super("UNREADABLE", messageOf(all), options);
    this.all = all;
  }
}

function messageOf([{ namespaceId, at, what }, ...others]: readonly [Unreadable, ...Unreadable[]]): string {
  const more = others.length === 0 ? "" : `; nor can ${others.length} more, see the service's log`;
  const hour = new Date(Math.floor(at / HOUR_MS) * HOUR_MS).toISOString();
  return `cannot read what is stored of namespace ${namespaceId} in the hour of ${hour}: ${what}${more}`;
}

/**
 * Runs `work`, and again without the namespaces of which it has met something unreadable, until it meets no other.
 *
 * @param work is given those namespaces, each with what was met of it last, and leaves them out
 */
export async function withoutUnreadable<T>(
  work: (without: ReadonlyMap<number, Unreadable>) => Promise<T>,
): Promise<T> {
  const without = new Map<number, Unreadable>();
  for (;;) {
    try {
      return await work(without);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      const before = without.size;
      for (const one of error.all) without.set(one.namespaceId, one);
      if (without.size === before) throw error;
    }
  }
}

/** @throws UnreadableError when there is one */
export function throwUnreadable(found: readonly Unreadable[]): void {
  const [first, ...others] = found;
  if (first !== undefined) throw new UnreadableError([first, ...others]);
}
