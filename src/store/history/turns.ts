import { setImmediate as turn } from "node:timers/promises";

/** Compacted hours that are unpacked, some 2 ms each, before others have their turn. */
const HOURS_PER_TURN = 8;

/** Lets a loop that unpacks many compacted hours not keep the process, which may be taking pushes, from all else. */
export class Turns {
  #unpacked = 0;

  /** Call it for each hour that was unpacked. */
  async afterHour(): Promise<void> {
    if (++this.#unpacked % HOURS_PER_TURN === 0) await turn();
  }
}
