import type { OffsetAt } from "../../detect/baseline/season.ts";
import { type DetectionSettings, policyOf } from "../../detect/settings.ts";
import { offsetAt } from "../../incidents/local-time.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { HostRecord } from "../../store/directory.ts";
import { roleOf } from "./roles.ts";

/** Clocks are changed at a quarter of an hour, all over the world and its history. */
const UNCHANGED_MS = 15 * MINUTE_MS;

/** By how much the clocks of a shard's hosts are ahead of UTC, by the zones of their roles. */
export class ZoneOffsets {
  readonly #settings: DetectionSettings;
  readonly #roleLabels: readonly string[];
  readonly #hostAt: (position: number) => Pick<HostRecord, "labels"> | undefined;
  readonly #known = new Map<string, number>();

  /** @param hostAt the host that the namespace at a position is of; undefined where the fleet shows none */
  constructor(
    settings: DetectionSettings,
    roleLabels: readonly string[],
    hostAt: (position: number) => Pick<HostRecord, "labels"> | undefined,
  ) {
    this.#settings = settings;
    this.#roleLabels = roleLabels;
    this.#hostAt = hostAt;
  }

  /** @param time ms since 1970 */
  at(time: number): OffsetAt {
    const quarter = Math.floor(time / UNCHANGED_MS) * UNCHANGED_MS;
    const { all, roles } = this.#settings;
    if (roles.size === 0) {
      const offset = this.#offset(all.zone, quarter);
      return () => offset;
    }
    return (position) => {
      const host = this.#hostAt(position);
      const role = host === undefined ? null : roleOf(host.labels, this.#roleLabels);
      return this.#offset(policyOf(this.#settings, role).zone, quarter);
    };
  }

  #offset(zone: string, quarter: number): number {
    const name = `${zone} ${quarter}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const minutes = Math.round(offsetAt(zone, quarter) / MINUTE_MS);
    this.#known.set(name, minutes);
    return minutes;
  }
}
