import { decodeBaselines, encodeBaselines } from "../../detect/baseline/codec.ts";
import { judgeFloods } from "../../detect/baseline/floods.ts";
import { judgeOpenMinute } from "../../detect/baseline/open-minute.ts";
import { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import type { Expectation } from "../../detect/detectors/burst.ts";
import type { Changed } from "../../live/events.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import { type Db, inTransaction, type PrismaClient } from "../../store/client.ts";
import { SHARD_SIZE } from "../../store/codec/positions.ts";
import { forgetFell } from "../../store/data-problems.ts";
import { lockBook, writeBook } from "../../store/detect/book.ts";
import { readBegunAnew } from "../../store/detect/facts.ts";
import { readShardMinutes } from "../../store/detect/shard-minutes.ts";
import {
  type JudgedMark,
  lockJudging,
  oldestMinute,
  readBaselines,
  readJudged,
  writeJudged,
} from "../../store/detect/state.ts";
import { FIRST_OTHER_NAMESPACE } from "../../store/directory.ts";
import type { Fleet, FleetView } from "../../store/fleet-view.ts";
import type { SnapshotReader } from "../../store/history/snapshot-reader.ts";
import { recordAnomalies } from "../../store/incidents/anomalies.ts";
import { anomaliesById } from "../../store/incidents/anomaly-pages.ts";
import { readSettled } from "../../store/rollup/shards.ts";
import type { Logger } from "../../telemetry/log.ts";
import { problemsOfShard } from "./data-problems.ts";
import { readHandBook, storedHandBook } from "./hand-book.ts";
import { type AnomaliesOfHosts, IncidentWriter, NOTHING_WRITTEN, type Written } from "./incident-writer.ts";
import { inheritFirst } from "./inherit.ts";
import { judgeNamespaces, type Suspect, stillOn } from "./judge-namespaces.ts";
import { type Lasting, LastingFlags } from "./lasting.ts";
import { roleOf } from "./roles.ts";
import { ALL_SERIES, WANTED_COLUMNS } from "./series.ts";
import { StillHosts } from "./still-hosts.ts";
import { Suspects } from "./suspects.ts";

/**
 * A minute is judged for good when it has been over for so long: agents send up to half an interval late. Until
 * then it is judged as one that is open, again and again.
 */
export const GRACE_MS = 20_000;
/** Minutes that are judged at once: of those that only teach many, of those that may open incidents few. */
const OLD_PER_RUN = 240;
const NEW_PER_RUN = 10;
const NEW_MS = 60 * MINUTE_MS;
/** A shard that was never judged learns from what there is of the last week. */
const LEARN_MS = 7 * 24 * 60 * MINUTE_MS;
/** Ingest takes nothing that lies further ahead. */
const AHEAD_MS = 6 * MINUTE_MS;
/** Faults of the data are kept for longer than snapshots are judged. */
const FELL_KEPT_MS = 120 * MINUTE_MS;
/** An end to every wait. */
const TIMEOUT_MS = 10 * MINUTE_MS;

export interface JudgeShardDeps {
  readonly db: PrismaClient;
  readonly reader: SnapshotReader;
  readonly fleet: Pick<FleetView, "read">;
  /** What this process holds of what it has judged; without it, it is read each time. */
  readonly held: HeldBaselines;
  /** Labels that say which hosts do the same work, the first that a host has. */
  readonly roleLabels: readonly string[];
  readonly log: Pick<Logger, "warn">;
}

/** The baselines of shards, and up to when they have been judged with them. */
export type HeldBaselines = Map<number, Held>;

interface Held {
  readonly judgedTo: number;
  readonly baselines: ShardBaselines;
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
  readonly #fleet: Fleet;
  readonly #now: number;
  readonly #suspects = new Suspects();
  #baselines = new ShardBaselines();

  constructor(deps: JudgeShardDeps, tx: Db, shard: number, fleet: Fleet, now: number) {
    this.#deps = deps;
    this.#tx = tx;
    this.#shard = shard;
    this.#fleet = fleet;
    this.#now = now;
  }

  async run(held: Held | undefined): Promise<RunResult> {
    if (!(await lockJudging(this.#tx, this.#shard))) return BUSY;
    const stored = await readJudged(this.#tx, this.#shard);
    const mark = stored ?? (await this.#begin());
    const closedTo = await this.#closedTo();
    const to = Math.max(mark.judgedTo, Math.min(closedTo, this.#batchEnd(mark.judgedTo)));
    const more = to < closedTo;
    const closed = await this.#readMinutes(mark.judgedTo, to);
    // One that catches up has no time for what is not over.
    const open = more ? [] : await this.#readMinutes(to, minuteOf(this.#now) + AHEAD_MS);
    if (held?.judgedTo === mark.judgedTo) this.#baselines = held.baselines;
    else if (stored !== null) this.#baselines = await this.#readBaselines();

    const lasting = new LastingFlags(mark.lasting as readonly Lasting[]);
    // The last minute's flags hold for a while, also when the snapshots that they are about have been judged.
    for (const { minute, flag, position } of lasting.all) this.#suspects.add(position, minute, flag);
    const still = new StillHosts(mark.still);
    const problems = await problemsOfShard(this.#tx, this.#deps.reader.layouts, this.#shard, {
      from: mark.judgedTo,
      to: this.#now + AHEAD_MS,
    });
    for (const minute of closed) {
      inheritFirst(this.#baselines, minute, (position) => this.#roleAt(position));
      const { flags: unusual } = this.#baselines.evaluate(minute);
      const flags = [
        ...unusual,
        ...judgeFloods(minute, minute.at + MINUTE_MS),
        ...(problems.get(minute.at) ?? []),
      ];
      still.take(minute, (position) => this.#hostAt(position), this.#now);
      lasting.close(minute.at, flags);
      this.#suspects.addAll(minute, flags);
    }
    for (const minute of open) {
      const end = Math.min(Math.max(this.#now, minute.at + 1), minute.at + MINUTE_MS - 1);
      const flags = [
        ...judgeOpenMinute(this.#baselines, minute, end),
        ...judgeFloods(minute, end),
        ...(problems.get(minute.at) ?? []),
      ];
      lasting.seeOpen(minute.at, end, flags);
      this.#suspects.addAll(minute, flags);
    }

    const anomalies = await this.#record(lasting);
    const { watched, incidents } = await this.#judgeSuspects(mark.watched, anomalies.ofHosts);
    const isChanged = to > mark.judgedTo || lasting.changed.length > 0 || !same(watched, mark.watched);
    if (closed.length > 0) await forgetFell(this.#tx, this.#shard, this.#now - FELL_KEPT_MS);
    if (isChanged || stored === null) {
      const bytes = closed.length > 0 ? encodeBaselines(this.#baselines) : null;
      await writeJudged(
        this.#tx,
        this.#shard,
        { judgedTo: to, lasting: lasting.all, watched, still: still.all },
        bytes,
      );
    }
    return {
      hold: { judgedTo: to, baselines: this.#baselines },
      outcome: {
        kind: "done",
        minutes: closed.length,
        anomalies: anomalies.changed,
        incidents,
        more,
      },
    };
  }

  async #begin(): Promise<JudgedMark> {
    const oldest = (await oldestMinute(this.#tx, this.#shard)) ?? minuteOf(this.#now);
    const judgedTo = Math.max(oldest, minuteOf(this.#now) - LEARN_MS);
    return { judgedTo, lasting: [], watched: [], still: {} };
  }

  /** Up to where minutes are over, rolled up, and have been so for long enough. */
  async #closedTo(): Promise<number> {
    const settled = (await readSettled(this.#tx, [this.#shard])).get(this.#shard) ?? 0;
    return Math.min(settled, minuteOf(this.#now - GRACE_MS));
  }

  #batchEnd(from: number): number {
    const old = minuteOf(this.#now - NEW_MS);
    if (from < old) return Math.min(old, from + OLD_PER_RUN * MINUTE_MS);
    return from + NEW_PER_RUN * MINUTE_MS;
  }

  async #readMinutes(from: number, to: number): Promise<ShardMinute[]> {
    if (from >= to) return [];
    const span = { from, to };
    const { layouts } = this.#deps.reader;
    const minutes = await readShardMinutes(this.#tx, layouts, this.#shard, span, WANTED_COLUMNS);
    if (minutes.length === 0) return [];
    const anew = await readBegunAnew(this.#tx, this.#shard, span);
    return minutes.map((minute) => ({ ...minute, disturbed: anew.get(minute.at) ?? null }));
  }

  async #readBaselines(): Promise<ShardBaselines> {
    const bytes = await readBaselines(this.#tx, this.#shard);
    if (bytes === null) return new ShardBaselines();
    try {
      return decodeBaselines(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#deps.log.warn({ err: error, shard: this.#shard }, "the baselines of a shard are learned anew");
      return new ShardBaselines();
    }
  }

  /** Records the anomalies that changed. */
  async #record(
    lasting: LastingFlags,
  ): Promise<{ readonly ofHosts: AnomaliesOfHosts; readonly changed: readonly Changed[] }> {
    const anomalies = lasting.changed.flatMap(({ position, ...anomaly }) => {
      const namespaceId = this.#namespaceAt(position);
      const hostId = this.#fleet.ownerOf.get(namespaceId);
      return hostId === undefined ? [] : [{ hostId, namespaceId, ...anomaly }];
    });
    const ids = await recordAnomalies(this.#tx, anomalies);
    const ofHosts = new Map<number, number[]>();
    anomalies.forEach(({ hostId }, index) => {
      const id = ids[index];
      if (id !== undefined) ofHosts.set(hostId, [...(ofHosts.get(hostId) ?? []), id]);
    });
    const named = anomalies.map(({ hostId }, index) => ({ hostId, id: ids[index] ?? 0 }));
    const changed = (await anomaliesById(this.#tx, named)).map(({ id, revision }) => ({
      id: String(id),
      revision,
    }));
    return { ofHosts, changed };
  }

  async #judgeSuspects(
    watched: readonly number[],
    anomalies: AnomaliesOfHosts,
  ): Promise<{ watched: readonly number[]; incidents: Written }> {
    for (const namespaceId of watched) this.#suspects.watch(namespaceId % SHARD_SIZE);
    if (this.#suspects.size === 0) return { watched: [], incidents: NOTHING_WRITTEN };
    const tx = this.#tx;
    const hand = readHandBook(await lockBook(tx));
    const before = hand.book;
    const writer = new IncidentWriter({ tx, hand, fleet: this.#fleet, anomalies, now: this.#now });
    const suspects = this.#suspects.all.map(
      ([position, suspicion]): Suspect => ({
        namespaceId: this.#namespaceAt(position),
        ...suspicion,
        usualAt: (at) => this.#usualAt(position, at),
      }),
    );
    const { reader, roleLabels } = this.#deps;
    const judging = { tx, reader, roleLabels, hand, writer, fleet: this.#fleet, now: this.#now };
    await judgeNamespaces(judging, suspects);
    const incidents = await writer.finish();
    if (hand.book !== before) await writeBook(tx, storedHandBook(hand));
    const ids = suspects.map(({ namespaceId }) => namespaceId);
    return { watched: stillOn(hand, ids), incidents };
  }

  #usualAt(position: number, at: number): Map<string, Expectation> {
    const usual = new Map<string, Expectation>();
    for (const series of ALL_SERIES) {
      const expectation = this.#baselines.expectation(position, series, at);
      if (expectation !== null) usual.set(series.name, expectation);
    }
    return usual;
  }

  /** Of a container's namespace the role is that of its host; what it does is not. */
  #roleAt(position: number): string | null {
    const host = this.#fleet.hostById.get(this.#hostAt(position) ?? -1);
    if (host === undefined) return null;
    return roleOf(host.labels, this.#deps.roleLabels);
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
