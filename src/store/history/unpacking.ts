import { setImmediate as turn } from "node:timers/promises";
import { DamagedHourError } from "../codec/hour.ts";
import { throwUnreadable, type Unreadable } from "./unreadable.ts";

/** Compacted hours that are unpacked, some 2 ms each, before others have their turn. */
const HOURS_PER_TURN = 8;

/**
 * Unpacks compacted hours one after another. Lets a loop over many of them not keep the process, which may be
 * taking pushes, from all else; and goes on behind one that is damaged, so that all of those are told at once.
 */
export class Unpacking {
  #unpacked = 0;
  readonly #damaged: Unreadable[] = [];

  /**
   * @param hour its start, ms since 1970
   * @param read decodes it
   * @returns null when it is damaged
   */
  async hour<T>(namespaceId: number, hour: number, read: () => T): Promise<T | null> {
    if (++this.#unpacked % HOURS_PER_TURN === 0) await turn();
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DamagedHourError)) throw error;
      this.#damaged.push(damagedHour(namespaceId, Math.round(hour), error));
      return null;
    }
  }

  /** @throws UnreadableError when one was damaged */
  end(): void {
    throwUnreadable(this.#damaged);
  }
}

function damagedHour(namespaceId: number, at: number, error: DamagedHourError): Unreadable {
  const row = `(shard, namespace_id, hour) = (${namespaceId >> 8}, ${namespaceId}, '${new Date(at).toISOString()}')`;
  return {
    namespaceId,
    at,
    reason: "damaged_hour",
    what: `the row of ts.snapshot_hour with ${row} is damaged (${error.message}): restore it from a backup, or delete it to give this hour up`,
  };
}
