import { lossAt } from "../../detect/baseline/loss-at.ts";
import type { PositionFlag } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import type { Flag } from "../../detect/flag.ts";

/** Where one of these moved, handshakes may have been lost. */
const LOSSES = ["TcpExtListenOverflows", "TcpExtTCPReqQFullDrop", "TcpExtSyncookiesFailed"];

/** Why a position is looked at closely. */
export interface Suspicion {
  /** What is unusual there. */
  readonly flags: Flag[];
  /** Starts of minutes in which something is, or handshakes were lost. */
  readonly minutes: Set<number>;
}

/** The positions of a shard whose snapshots are to be judged. */
export class Suspects {
  readonly #lossThreshold: number;
  readonly #byPosition = new Map<number, Suspicion>();

  /** @param lossThreshold share of handshakes lost from which a position is looked at: the least of any role */
  constructor(lossThreshold: number) {
    this.#lossThreshold = lossThreshold;
  }

  get size(): number {
    return this.#byPosition.size;
  }

  get all(): readonly (readonly [position: number, suspicion: Suspicion])[] {
    return [...this.#byPosition];
  }

  /** A position that is judged though nothing is unusual there. */
  watch(position: number): Suspicion {
    const suspicion = this.#byPosition.get(position) ?? { flags: [], minutes: new Set() };
    this.#byPosition.set(position, suspicion);
    return suspicion;
  }

  add(position: number, minute: number, flag: Flag): void {
    const { flags, minutes } = this.watch(position);
    flags.push(flag);
    minutes.add(minute);
  }

  /** Those with a flag, and those that lost handshakes, which a baseline may have got used to. */
  addAll(minute: ShardMinute, flags: readonly PositionFlag[]): void {
    for (const { position, flag } of flags) this.add(position, minute.at, flag);
    for (const name of LOSSES) {
      for (const [position, count] of minute.increases.get(name)?.entries() ?? []) {
        if (count > 0 && (lossAt(minute, position)?.share ?? 0) >= this.#lossThreshold) {
          this.watch(position).minutes.add(minute.at);
        }
      }
    }
  }
}
