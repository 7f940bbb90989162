import { SpillwayError } from "../errors.ts";
import { FleetView } from "../store/fleet-view.ts";
import { byHost } from "./faults.ts";
import { fleetOf, HOUR_MS, type HostFacts, MINUTE_MS } from "./fleet.ts";
import { type HistoryDeps, writeHistory } from "./history.ts";
import { SimulatedHost } from "./host.ts";
import { type AgentsOptions, startLive, startPast } from "./live.ts";
import { peopleOf } from "./people.ts";
import { storyOf, versionOf } from "./story.ts";

export interface DemoOptions {
  readonly hosts: number;
  readonly hours: number;
}

/** What is written and judged before anybody sees it; what was before comes while they look. */
const HISTORY_MS = 2 * HOUR_MS;

/** A simulated fleet, up to now and from now on. */
export class Demo {
  readonly #startMs: number;
  readonly #earlierMs: number;
  readonly #makeHosts: (facts: readonly HostFacts[]) => SimulatedHost[];
  /** Whose past is told while the demo runs: not that of one that has fallen silent, or of one that is written. */
  readonly #talking: readonly HostFacts[];
  readonly #hosts: readonly SimulatedHost[];
  readonly #write: (deps: HistoryDeps) => Promise<number>;

  /** @param now ms since 1970 */
  constructor({ hosts, hours }: DemoOptions, now: number) {
    const endMs = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const startMs = endMs - HISTORY_MS;
    const earlierMs = Math.min(startMs, endMs - hours * HOUR_MS);
    this.#startMs = startMs;
    this.#earlierMs = earlierMs;
    const facts = fleetOf({ hosts, startMs });
    const story = storyOf(facts, { earlierMs, startMs, endMs });
    const faultsOf = byHost([...story.earlier, ...story.faults]);
    const early = new Set(story.earlier.map(({ host }) => host));
    this.#talking = facts.filter(({ index }) => !story.silent.has(index) && !early.has(index));
    this.#makeHosts = (some) =>
      some.map(
        (one) =>
          new SimulatedHost({
            facts: one,
            startMs: early.has(one.index) ? earlierMs : startMs,
            faults: faultsOf.get(one.index) ?? [],
            silentFrom: story.silent.get(one.index) ?? null,
            versionAt: (at) => versionOf(story, one.role, at),
          }),
      );
    this.#hosts = this.#makeHosts(facts);
    this.#write = async (deps) => {
      const then = peopleOf(deps.db, story, endMs);
      const few = this.#hosts.filter(({ facts: { index } }) => early.has(index));
      const before = { hosts: few, faultsOf, startMs: earlierMs, endMs: startMs, then };
      const snapshots = few.length === 0 ? 0 : await writeHistory(deps, before);
      return snapshots + (await writeHistory(deps, { hosts: this.#hosts, faultsOf, startMs, endMs, then }));
    };
  }

  /**
   * Writes the newest hours of the history, and a day of the few hosts that something was the matter with, into a
   * database that has no hosts. Call it before workers run there.
   *
   * @returns how many snapshots it has
   * @throws CONFIGURATION when there are hosts: what is simulated is never mixed with what is real
   */
  async writeHistory(deps: HistoryDeps): Promise<number> {
    const { hosts } = await new FleetView(deps.db, Date.now).read();
    if (hosts.length > 0) {
      throw new SpillwayError(
        "CONFIGURATION",
        `the database holds ${hosts.length} hosts: a demo needs one without any, so that simulated hosts never stand among real ones. Unset DATABASE_URL for a database of its own, or name an empty one`,
      );
    }
    return this.#write(deps);
  }

  /** Goes on from the end of the history, and tells what was before it. @returns a function that ends both */
  start(options: AgentsOptions): () => Promise<void> {
    const stopLive = startLive(this.#hosts, options);
    // Hosts of their own, which go back from where the others began.
    const span = { fromMs: this.#startMs, downToMs: this.#earlierMs };
    const stopPast =
      span.downToMs < span.fromMs ? startPast(this.#makeHosts(this.#talking), span, options) : null;
    return async () => {
      await Promise.all([stopLive(), stopPast?.()]);
    };
  }
}
