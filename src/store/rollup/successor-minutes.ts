import { PREDECESSOR_MAX_MS } from "../../rates/interval.ts";
import { minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { readListenerSuccessorMinutes } from "../history/listener-successors.ts";
import type { Lookup } from "../history/record.ts";
import { readSuccessorMinutes } from "../history/successors.ts";
import { withoutUnreadable } from "../history/unreadable.ts";
import type { SetAside } from "./set-aside.ts";
import type { RolledRun } from "./sum-minute.ts";

type Lasts = Pick<RolledRun, "last" | "lastLists">;

/**
 * Minutes, with their namespaces, that are measured from the last snapshots and lists of listeners of a run. Those
 * that lists alone lead to are without: of an open minute nothing is told of listeners before it is over.
 *
 * @param newest no snapshot is later than this
 * @throws UnreadableError
 */
export async function readSuccessors(
  db: Db,
  { last, lastLists }: Lasts,
  newest: number,
): Promise<Map<number, Set<number>>> {
  const minutes = await readSuccessorMinutes(db, last, newest);
  for (const minute of await readListenerSuccessorMinutes(db, lastLists, PREDECESSOR_MAX_MS, newest)) {
    if (!minutes.has(minute)) minutes.set(minute, new Set());
  }
  return minutes;
}

/** The same, but for namespaces whose successors cannot be read: their minutes of the run are set aside. */
export function readableSuccessors(
  db: Db,
  lasts: Lasts,
  newest: number,
): Promise<{ readonly minutes: Map<number, Set<number>>; readonly aside: readonly SetAside[] }> {
  return withoutUnreadable(async (without) => {
    const read = ({ namespaceId }: Lookup) => !without.has(namespaceId);
    const minutes = await readSuccessors(
      db,
      { last: lasts.last.filter(read), lastLists: lasts.lastLists.filter(read) },
      newest,
    );
    const aside = [...without.values()].map((unreadable): SetAside => {
      const own = [...lasts.last, ...lasts.lastLists]
        .filter(({ namespaceId }) => namespaceId === unreadable.namespaceId)
        .map(({ at }) => minuteOf(at));
      return { unreadable, first: Math.min(...own), last: Math.max(...own) };
    });
    return { minutes, aside };
  });
}
