/** When hosts are under maintenance by silences that are declared as such. Times are ms since 1970. */
import type { Db } from "../store/client.ts";
import type { EventRecord } from "../store/events.ts";
import { maintenanceSilences, type SilenceRecord } from "../store/incidents/silences.ts";
import { changesAt, isActive } from "./silence-matching.ts";

/** A stretch of maintenance, in the form of an event that was recorded for it: detection takes both alike. */
export type Maintenance = Pick<EventRecord, "kind" | "title" | "at" | "until" | "matchers">;

/** `from <= time < to` */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** The maintenance that touches a range, of whichever hosts: its matchers say of which. */
export async function maintenanceWithin(db: Db, range: Range): Promise<Maintenance[]> {
  const silences = await maintenanceSilences(db, range);
  return silences.flatMap((silence) => stretchesOf(silence, range));
}

/**
 * The stretches of a range in which a silence holds, by the clocks of its zone. One that held before begins with
 * the range, and one that goes on after it ends when it does.
 */
export function stretchesOf(silence: SilenceRecord, { from, to }: Range): Maintenance[] {
  const { matchers, comment: title } = silence;
  const stretches: Maintenance[] = [];
  let at: number | null = isActive(silence, from) ? from : changesAt(silence, from);
  while (at !== null && at < to) {
    const until = changesAt(silence, at);
    stretches.push({ kind: "MAINTENANCE", title, at, until, matchers });
    at = until === null ? null : changesAt(silence, until);
  }
  return stretches;
}
