import { encodeBaselines } from "../../detect/baseline/codec.ts";
import { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import { ShardBurns } from "../../detect/baseline/shard-burns.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { type DetectionSettings, leastLossThreshold } from "../../detect/settings.ts";
import type { Changed } from "../../live/events.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import { type Db, inTransaction, type PrismaClient } from "../../store/client.ts";
import { SHARD_SIZE } from "../../store/codec/positions.ts";
import { forgetFell } from "../../store/data-problems.ts";
import { writeBook } from "../../store/detect/book.ts";
import { readShardHours } from "../../store/detect/shard-minutes.ts";
import { type JudgedMark, lockJudging, readJudged, writeJudged } from "../../store/detect/state.ts";
import { FIRST_OTHER_NAMESPACE, type HostRecord } from "../../store/directory.ts";
import type { Fleet, FleetView } from "../../store/fleet-view.ts";
import type { Span } from "../../store/history/record.ts";
import type { SnapshotReader } from "../../store/history/snapshot-reader.ts";
import { forgetRolled } from "../../store/rolled-minutes.ts";
import type { Logger } from "../../telemetry/log.ts";
import { problemsOfShard } from "./data-problems.ts";
import { donorsElsewhere } from "./donors.ts";
import { lockHandBook, storedHandBook } from "./hand-book.ts";
import { type AnomaliesOfHosts, IncidentWriter, NOTHING_WRITTEN, type Written } from "./incident-writer.ts";
import { rolesOfNewcomers } from "./inherit.ts";
import type { BurnStep } from "./judge-burns.ts";
import { judgeMinutes } from "./judge-minutes.ts";
import { judgeNamespaces, stillOn } from "./judge-namespaces.ts";
import { type Lasting, LastingFlags } from "./lasting.ts";
import { LEAK_COLUMNS, leaksOf } from "./leaks.ts";
import { nameSuspects } from "./named-suspects.ts";
import { Objectives } from "./objectives.ts";
import { recordLasting } from "./record-lasting.ts";
import { roleOf } from "./roles.ts";
import { ShardObjective } from "./shard-objective.ts";
import { AHEAD_MS, ShardReader } from "./shard-reader.ts";
import { StillHosts } from "./still-hosts.ts";
import { Suspects } from "./suspects.ts";
import { withoutJudged } from "./without-judged.ts";
import { ZoneOffsets } from "./zone-offsets.ts";

/** Faults of the data are kept for longer than snapshots are judged. */
const FELL_KEPT_MS = 120 * MINUTE_MS;
/** An end to every wait. */
const TIMEOUT_MS = 10 * MINUTE_MS;

export interface JudgeShardDeps {
  readonly db: PrismaClient;
  readonly reader: SnapshotReader;
  readonly fleet: Pick<FleetView, "read" | "readAgain">;
  /** What this process holds of what it has judged; without it, it is read each time. */
  readonly held: HeldBaselines;
  /** Labels that say which hosts do the same work, the first that a host has. */
  readonly roleLabels: readonly string[];
  /** What is asked of hosts, as it is now. */
  readonly settings: () => DetectionSettings;
  readonly log: Pick<Logger, "warn">;
}

/** What shards have learned, and of which judgement that is. */
export type HeldBaselines = Map<number, Held>;

interface Held {
  readonly revision: number;
  readonly baselines: ShardBaselines;
  readonly burns: ShardBurns;
}

export type JudgeOutcome =
  | { readonly kind: "busy" }
  | {
      readonly kind: "done";
      /** Minutes judged for good. */
      readonly minutes: number;
      /** Anomalies that are at a new revision. */
      readonly anomalies: readonly Changed[];
      readonly incidents: Written;
      /** More minutes wait to be judged. */
      readonly more: boolean;
    };

/**
 * Judges what is new in a shard: its minutes that are over, once, and those that are not by what is in of them; and
 * the snapshots of the namespaces where something is unusual.
 *
 * Safe to run twice, at once, or to die half-way: everything is one transaction under the shard's lock, and what
 * was judged is not judged again.
 *
 * @param now ms since 1970
 */
export async function judgeShard(deps: JudgeShardDeps, shard: number, now: number): Promise<JudgeOutcome> {
  const fleet = await deps.fleet.read();
  const held = deps.held.get(shard);
  // Judging changes them: they are held again when the transaction has kept what came of it.
  deps.held.delete(shard);
  const run = await inTransaction(
    deps.db,
    (tx) => new ShardRun(deps, tx, shard, fleet, now).run(held),
    TIMEOUT_MS,
  );
  if (run.hold !== null) deps.held.set(shard, run.hold);
  return run.outcome;
}

interface RunResult {
  readonly outcome: JudgeOutcome;
  readonly hold: Held | null;
}

const BUSY: RunResult = { outcome: { kind: "busy" }, hold: null };

class ShardRun {
  readonly #deps: JudgeShardDeps;
  readonly #tx: Db;
  readonly #shard: number;
  #fleet: Fleet;
  readonly #now: number;
  readonly #suspects: Suspects;
  readonly #reader: ShardReader;
  readonly #offsets: ZoneOffsets;
  #baselines = new ShardBaselines();

  constructor(deps: JudgeShardDeps, tx: Db, shard: number, fleet: Fleet, now: number) {
    this.#deps = deps;
    this.#tx = tx;
    this.#shard = shard;
    this.#fleet = fleet;
    this.#now = now;
    this.#suspects = new Suspects(leastLossThreshold(deps.settings()));
    this.#offsets = new ZoneOffsets(deps.settings(), deps.roleLabels, (position) => this.#ownerAt(position));
    this.#reader = new ShardReader(tx, deps.reader.layouts, shard, now);
  }

  async run(held: Held | undefined): Promise<RunResult> {
    if (!(await lockJudging(this.#tx, this.#shard))) return BUSY;
    const stored = await readJudged(this.#tx, this.#shard);
    const current = minuteOf(this.#now);
    // The service's clock was ahead and was set back: what it judged meanwhile must not keep it from judging now.
    const isAhead = stored !== null && stored.judgedTo > current + AHEAD_MS;
    const mark = isAhead ? { ...stored, judgedTo: current } : (stored ?? (await this.#reader.begin()));
    const { late, closed, open, to, more, until, marks } = await this.#reader.input(mark.judgedTo);
    await this.#showHosts([...late, ...closed, ...open]);
    const isHeld = held?.revision === mark.revision;
    const warn = (error: Error) =>
      this.#deps.log.warn({ err: error, shard: this.#shard }, "what a shard has learned is learned anew");
    if (isHeld) this.#baselines = held.baselines;
    else if (stored !== null) this.#baselines = await this.#reader.baselines(warn);
    if (isAhead) this.#baselines.setBack(current);
    const burns = isAhead ? new ShardBurns() : isHeld ? held.burns : null;
    const objective = await this.#openObjective(burns, mark.judgedTo, warn);
    const unjudged = late.map((minute) => withoutJudged(minute, this.#baselines));
    const steps = await objective.take(closed, unjudged);

    const lasting = new LastingFlags(mark.lasting as readonly Lasting[]);
    const still = new StillHosts(mark.still);
    const problems = await problemsOfShard(this.#tx, this.#deps.reader.layouts, this.#shard, {
      from: late[0]?.at ?? mark.judgedTo,
      to: this.#now + AHEAD_MS,
    });
    const over = [...unjudged, ...closed];
    const own = { ...this.#deps, tx: this.#tx, shard: this.#shard, fleet: this.#fleet };
    const hours = (span: Span) =>
      readShardHours(this.#tx, this.#deps.reader.layouts, this.#shard, span, LEAK_COLUMNS);
    const leaks = await leaksOf({ hours, baselines: this.#baselines, offsets: this.#offsets }, over);
    const donors = await donorsElsewhere(own, rolesOfNewcomers(this.#baselines, over, this.#roleAt));
    judgeMinutes(
      { baselines: this.#baselines, lasting, still, suspects: this.#suspects },
      { late: unjudged, closed, steps, open, problems, leaks, donors },
      {
        hostAt: (position) => this.#hostAt(position),
        roleAt: this.#roleAt,
        offsetAt: (time) => this.#offsets.at(time),
      },
      this.#now,
    );

    const anomalies = await recordLasting(this.#tx, lasting, {
      namespaceAt: (position) => this.#namespaceAt(position),
      ownerOf: this.#fleet.ownerOf,
    });
    const { watched, burning, incidents } = await this.#judgeAll(mark, steps, until, anomalies.ofHosts);
    await forgetRolled(this.#tx, this.#shard, marks);
    const isChanged =
      to > mark.judgedTo ||
      late.length > 0 ||
      lasting.changed.length > 0 ||
      !same(watched, mark.watched) ||
      !same(burning, mark.burning);
    if (closed.length > 0) await forgetFell(this.#tx, this.#shard, this.#now - FELL_KEPT_MS);
    let { revision } = mark;
    if (isChanged || stored === null) {
      const bytes = closed.length + late.length > 0 ? encodeBaselines(this.#baselines) : null;
      revision = await writeJudged(
        this.#tx,
        this.#shard,
        { judgedTo: to, lasting: lasting.all, watched, still: still.all, burning, revision },
        bytes,
      );
    }
    await objective.write(closed, late.length > 0);
    return {
      hold: { revision, baselines: this.#baselines, burns: objective.burns },
      outcome: {
        kind: "done",
        minutes: closed.length + late.length,
        anomalies: [...anomalies.changed, ...incidents.anomalies],
        incidents,
        more,
      },
    };
  }

  /** Reads the fleet again where one reports whom it does not show: a host may be younger than the view. */
  async #showHosts(minutes: readonly ShardMinute[]): Promise<void> {
    const isUnknown = ({ ratedMs }: ShardMinute) =>
      ratedMs.some((ms, position) => ms > 0 && this.#ownerAt(position) === undefined);
    if (minutes.some(isUnknown)) this.#fleet = await this.#deps.fleet.readAgain();
  }

  #openObjective(
    held: ShardBurns | null,
    judgedTo: number,
    warn: (error: Error) => void,
  ): Promise<ShardObjective> {
    const { roleLabels, settings } = this.#deps;
    const hostAt = (position: number) => this.#ownerAt(position);
    const deps = { tx: this.#tx, shard: this.#shard, settings: settings(), roleLabels, hostAt, warn };
    return ShardObjective.open(deps, held, judgedTo, (from, to) => this.#reader.minutes(from, to));
  }

  /** Judges the snapshots of suspects, and the objectives that burn, and brings incidents in line. */
  async #judgeAll(
    mark: JudgedMark,
    steps: readonly BurnStep[],
    until: number,
    found: AnomaliesOfHosts,
  ): Promise<{ watched: readonly number[]; burning: readonly number[]; incidents: Written }> {
    for (const namespaceId of mark.watched) this.#suspects.watch(namespaceId % SHARD_SIZE);
    const objectives = new Objectives(mark.burning, steps, (position) => this.#namespaceAt(position));
    if (this.#suspects.size === 0 && objectives.isQuiet) {
      return { watched: [], burning: [], incidents: NOTHING_WRITTEN };
    }
    const tx = this.#tx;
    const { reader, roleLabels } = this.#deps;
    const settings = this.#deps.settings();
    const hand = await lockHandBook(tx, this.#now);
    const before = hand.book;
    const common = { hand, fleet: this.#fleet, roleLabels, settings, now: this.#now };
    const { suspects, anomalies } = await nameSuspects(
      {
        tx,
        fleet: this.#fleet,
        baselines: this.#baselines,
        offsets: this.#offsets,
        namespaceAt: (position) => this.#namespaceAt(position),
      },
      this.#suspects,
      found,
    );
    const writer = new IncidentWriter({ tx, anomalies, ...common });
    await judgeNamespaces({ tx, reader, writer, until, ...common }, suspects);
    const burning = await objectives.judge({ writer, ...common });
    const incidents = await writer.finish();
    if (hand.book !== before) await writeBook(tx, storedHandBook(hand));
    const ids = suspects.map(({ namespaceId }) => namespaceId);
    return { watched: stillOn(hand, ids), burning, incidents };
  }

  /** Of a container's namespace the role is that of its host; what it does is not. */
  readonly #roleAt = (position: number): string | null => {
    const host = this.#hostAt(position) === null ? undefined : this.#ownerAt(position);
    return host === undefined ? null : roleOf(host.labels, this.#deps.roleLabels);
  };

  #ownerAt(position: number): HostRecord | undefined {
    return this.#fleet.hostById.get(this.#fleet.ownerOf.get(this.#namespaceAt(position)) ?? -1);
  }

  /** The host whose own namespace it is; null for a container's, and where the fleet shows none. */
  #hostAt(position: number): number | null {
    const namespaceId = this.#namespaceAt(position);
    return namespaceId >= FIRST_OTHER_NAMESPACE ? null : (this.#fleet.ownerOf.get(namespaceId) ?? null);
  }

  #namespaceAt(position: number): number {
    return this.#shard * SHARD_SIZE + position;
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
