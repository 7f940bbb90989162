/** A host that is judged while it sends. */
import type { Store } from "../../src/store/client.ts";
import { append, INTERVAL_MS, type ListenerMoves, type Moves, type MovingHost } from "./detection.ts";

/** Intervals with what moved in them. */
export type Part = readonly [intervals: number, moves: Moves, listener?: ListenerMoves];

/** Sends the intervals of a host one by one, each judged when it has come. */
export async function live(
  store: Store,
  host: MovingHost,
  run: (now: number) => Promise<void>,
  parts: readonly Part[],
) {
  for (const [intervals, moves, listener] of parts) {
    for (let index = 0; index < intervals; index++) {
      await append(store, await host.intervals(1, moves, listener));
      await run(host.at - INTERVAL_MS + 1_000);
    }
  }
}
