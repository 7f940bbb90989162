import type { PositionFlag } from "../../detect/baseline/shard-baselines.ts";
import { ShardBurns } from "../../detect/baseline/shard-burns.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { type Burn, judgeBurn } from "../../detect/detectors/slo-burn.ts";
import type { KnownEvent } from "../../detect/diagnosis/window.ts";
import { type DetectionSettings, policyOf } from "../../detect/settings.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../../store/client.ts";
import { readBurns, readRoleBurns, writeBurns, writeRoleBurns } from "../../store/detect/burns.ts";
import type { HostRecord } from "../../store/directory.ts";
import { eventsAround } from "./around.ts";
import { roleOf } from "./roles.ts";

/** The rings of namespaces are written so often: what they lack, the minutes since say. */
const WRITTEN_EVERY_MINUTES = 5;
/** Hosts of a role that are named as those that lost the most, in the last six hours. */
const NAMED_MAX = 50;
const NAMED_MINUTES = 360;

export interface ObjectiveDeps {
  readonly tx: Db;
  readonly shard: number;
  readonly settings: DetectionSettings;
  readonly roleLabels: readonly string[];
  /** The host that the namespace at a position is of; undefined where the fleet shows none. */
  readonly hostAt: (position: number) => HostRecord | undefined;
  readonly warn: (error: Error) => void;
}

/** Namespaces whose objective burns at the end of a minute. */
export interface BurnStep {
  /** ms since 1970 */
  readonly at: number;
  readonly burns: ReadonlyMap<number, Burn>;
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
  async take(minutes: readonly ShardMinute[], late: readonly ShardMinute[] = []): Promise<BurnStep[]> {
    const all = [...late, ...minutes];
    const [first, last] = [all[0], all.at(-1)];
    if (first === undefined || last === undefined) return [];
    const { tx, hostAt, roleLabels } = this.#deps;
    const events = await eventsAround(tx, { from: first.at, to: last.at + MINUTE_MS });
    const roleAt = (position: number) => {
      const host = hostAt(position);
      return host === undefined ? null : roleOf(host.labels, roleLabels);
    };
    const scopeOf = (minute: ShardMinute) => ({
      roleAt,
      isExcluded: (position: number) => {
        const host = hostAt(position);
        return host !== undefined && events.of(host).some((event) => isMaintained(event, minute.at));
      },
    });
    for (const minute of late) this.burns.takeLate(minute, scopeOf(minute));
    return minutes.map((minute) => {
      this.burns.take(minute, scopeOf(minute));
      return { at: minute.at + MINUTE_MS, burns: this.#judge(roleAt) };
    });
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
      hostIds: this.#worstOf(role),
    }));
    await writeRoleBurns(tx, shard, rows);
  }

  #judge(roleAt: (position: number) => string | null): Map<number, Burn> {
    const burning = new Map<number, Burn>();
    for (const [position, ring] of this.burns.hosts) {
      const burn = judgeBurn(ring, policyOf(this.#deps.settings, roleAt(position)).objective);
      if (burn !== null) burning.set(position, burn);
    }
    return burning;
  }

  /** Ids of the hosts of a role in this shard that lost the most. */
  #worstOf(role: string): number[] {
    const { hostAt, roleLabels } = this.#deps;
    const lost = new Map<number, number>();
    for (const [position, ring] of this.burns.hosts) {
      const host = hostAt(position);
      const { bad } = ring.last(NAMED_MINUTES);
      if (bad === 0 || host === undefined || roleOf(host.labels, roleLabels) !== role) continue;
      lost.set(host.id, (lost.get(host.id) ?? 0) + bad);
    }
    const sorted = [...lost].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    return sorted.slice(0, NAMED_MAX).map(([id]) => id);
  }
}

/** The flags of a step, as anomalies are recorded. */
export function flagsOfBurns({ burns }: BurnStep): PositionFlag[] {
  return [...burns].map(([position, { flag }]) => ({ position, flag }));
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

function isMaintained({ kind, at, until }: KnownEvent, minute: number): boolean {
  return kind === "maintenance" && at < minute + MINUTE_MS && (until === null || until > minute);
}
