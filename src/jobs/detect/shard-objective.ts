import { ShardBurns } from "../../detect/baseline/shard-burns.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import type { DetectionSettings } from "../../detect/settings.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../../store/client.ts";
import { readBurns, readRoleBurns, writeBurns, writeRoleBurns } from "../../store/detect/burns.ts";
import { eventsAround } from "./around.ts";
import { type BurnOwners, type BurnStep, judgeBurns, worstOfRole } from "./judge-burns.ts";

/** The rings of namespaces are written so often: what they lack, the minutes since say. */
const WRITTEN_EVERY_MINUTES = 5;

export interface ObjectiveDeps extends BurnOwners {
  readonly tx: Db;
  readonly shard: number;
  readonly settings: DetectionSettings;
  readonly warn: (error: Error) => void;
}

/**
 * The objective of a shard's namespaces: how many handshakes were lost in the last three days, and whether that is
 * too many. What was announced as maintenance counts neither as good nor as bad.
 */
export class ShardObjective {
  readonly burns: ShardBurns;
  readonly #deps: ObjectiveDeps;

  private constructor(deps: ObjectiveDeps, burns: ShardBurns) {
    this.#deps = deps;
    this.burns = burns;
  }

  /**
   * As it was left.
   *
   * @param held what this process holds of it; null where it has to be read
   * @param judgedTo minutes before this are in it
   * @param minutesSince reads the minutes of a span, for what was not written
   */
  static async open(
    deps: ObjectiveDeps,
    held: ShardBurns | null,
    judgedTo: number,
    minutesSince: (from: number, to: number) => Promise<readonly ShardMinute[]>,
  ): Promise<ShardObjective> {
    const objective = new ShardObjective(deps, held ?? (await readStored(deps)));
    const from = objective.burns.minute + MINUTE_MS;
    if (held === null && from > MINUTE_MS && from < judgedTo) {
      await objective.take(await minutesSince(from, judgedTo));
    }
    return objective;
  }

  /**
   * Takes minutes that are over, in their order.
   *
   * @param late what came late of minutes that were taken before, by the positions alone that it came of
   * @returns who burns at the end of each, but of the late ones
   */
  async take(closed: readonly ShardMinute[], late: readonly ShardMinute[] = []): Promise<BurnStep[]> {
    const all = [...late, ...closed];
    const [first, last] = [all[0], all.at(-1)];
    if (first === undefined || last === undefined) return [];
    const events = await eventsAround(this.#deps.tx, { from: first.at, to: last.at + MINUTE_MS });
    return judgeBurns(this.burns, { closed, late }, this.#deps, this.#deps.settings, events);
  }

  /** Keeps it, in the transaction that keeps up to when it was judged. @param late whether something came late */
  async write(minutes: readonly ShardMinute[], late: boolean): Promise<void> {
    const { tx, shard } = this.#deps;
    if ((minutes.length === 0 && !late) || this.burns.hosts.size === 0) return;
    if (late || minutes.some(({ at }) => Math.floor(at / MINUTE_MS) % WRITTEN_EVERY_MINUTES === 0)) {
      await writeBurns(tx, shard, this.burns.encode());
    }
    const rows = [...this.burns.roles].map(([role, ring]) => ({
      role,
      ring: ring.encode(),
      hostIds: worstOfRole(this.burns, role, this.#deps),
    }));
    await writeRoleBurns(tx, shard, rows);
  }
}

async function readStored({ tx, shard, warn }: ObjectiveDeps): Promise<ShardBurns> {
  const bytes = await readBurns(tx, shard);
  if (bytes === null) return new ShardBurns();
  const roles = new Map((await readRoleBurns(tx, shard)).map(({ role, ring }) => [role, ring]));
  try {
    return ShardBurns.decode(bytes, roles);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    warn(error);
    return new ShardBurns();
  }
}
