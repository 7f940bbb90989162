import type { ShardBaselines } from "../../src/detect/baseline/shard-baselines.ts";
import { ShardBurns } from "../../src/detect/baseline/shard-burns.ts";
import { type HostPresence, judgeSilence } from "../../src/detect/detectors/silence.ts";
import { judgeBurn } from "../../src/detect/detectors/slo-burn.ts";
import { advance, type Judgement } from "../../src/detect/episodes/book.ts";
import { DEFAULT_SETTINGS, leastLossThreshold, policyOf } from "../../src/detect/settings.ts";
import {
  type Detail,
  type HandBook,
  hostSubject,
  readHandBook,
  roleBurnSubject,
} from "../../src/jobs/detect/hand-book.ts";
import { type BurnStep, judgeBurns, worstOfRole } from "../../src/jobs/detect/judge-burns.ts";
import { judgeMinutes } from "../../src/jobs/detect/judge-minutes.ts";
import {
  judgeObserved,
  lookedAtFrom,
  type Suspect,
  stillOn,
} from "../../src/jobs/detect/judge-namespaces.ts";
import { detailsOf, presenceJudgement } from "../../src/jobs/detect/judge-presence.ts";
import { type RoleBurn, rolesJudgement } from "../../src/jobs/detect/judge-roles.ts";
import { type Lasting, LastingFlags } from "../../src/jobs/detect/lasting.ts";
import { leaksOf } from "../../src/jobs/detect/leaks.ts";
import { Objectives } from "../../src/jobs/detect/objectives.ts";
import { roleSizes } from "../../src/jobs/detect/roles.ts";
import { AHEAD_MS, GRACE_MS } from "../../src/jobs/detect/shard-reader.ts";
import { StillHosts, stillSince } from "../../src/jobs/detect/still-hosts.ts";
import { Suspects } from "../../src/jobs/detect/suspects.ts";
import { usualAt } from "../../src/jobs/detect/usual.ts";
import { withoutJudged } from "../../src/jobs/detect/without-judged.ts";
import { MINUTE_MS, minuteOf } from "../../src/rates/minute.ts";
import { Arrivals, type Minutes } from "./arrivals.ts";
import { counterName, DROPS_ID } from "./corpus/counters.ts";
import { EVERY_MS, type SimulatedHost } from "./corpus/host.ts";
import { EventsOfHosts, fleetOf, type Member, type RecordedEvent, ROLE_LABELS } from "./fleet.ts";
import type { Known } from "./history.ts";
import { Hours } from "./hours.ts";
import { type LossTold, Outcomes } from "./outcomes.ts";

/** Nobody is late before so many intervals: less than it takes, for what is on the way. */
const QUIET_INTERVALS = 2.5;
const SETTINGS = DEFAULT_SETTINGS;

export interface DriveInput {
  /** The hosts that report. At most 256: their ids are their positions in the shard. */
  readonly hosts: readonly SimulatedHost[];
  /** All hosts that the fleet has. */
  readonly members: readonly Member[];
  readonly events: readonly RecordedEvent[];
  /** What has been learned before. */
  readonly baselines: ShardBaselines;
  /** When the first snapshot is due: a whole minute, ms since 1970. */
  readonly from: number;
  /** Sees each snapshot as it comes in. */
  readonly onSnapshot?: (host: number, known: Known) => void;
}

/**
 * Takes the snapshots of simulated hosts through detection, as its jobs would: every ten seconds what came in is
 * rolled up, minutes are judged, the snapshots of suspects, and the objectives; then who is silent. Nothing of it is
 * decided here: this stands in for the database and the queues alone.
 */
export class Drive {
  readonly outcomes: Outcomes;
  readonly #input: DriveInput;
  readonly #fleet: ReturnType<typeof fleetOf>;
  readonly #hand: HandBook = readHandBook(null);
  readonly #arrivals: Arrivals;
  readonly #hosts: ReadonlyMap<number, SimulatedHost>;
  readonly #roles: ReadonlyMap<number, string | null>;
  readonly #events: EventsOfHosts;
  readonly #quietMs: number;
  readonly #hours = new Hours();
  readonly #burns = new ShardBurns();
  readonly #still = new StillHosts({});
  #lasting: readonly Lasting[] = [];
  #watched: readonly number[] = [];
  #burning: readonly number[] = [];
  #now: number;

  constructor(input: DriveInput) {
    this.#input = input;
    this.#now = input.from;
    this.#fleet = fleetOf(input.members);
    this.#roles = new Map(input.members.map(({ id, role }) => [id, role]));
    this.#hosts = new Map(input.hosts.map((host) => [host.id, host]));
    this.#arrivals = new Arrivals(input.hosts, input.from, (host, known) => input.onSnapshot?.(host, known));
    this.#events = new EventsOfHosts(input.events);
    this.#quietMs = QUIET_INTERVALS * Math.min(...input.hosts.map(({ everyMs }) => everyMs));
    const telling = { hand: this.#hand, fleet: this.#fleet, roleLabels: ROLE_LABELS, settings: SETTINGS };
    this.outcomes = new Outcomes(telling);
  }

  /** @param to ms since 1970 */
  async run(to: number): Promise<void> {
    for (this.#now += EVERY_MS; this.#now <= to; this.#now += EVERY_MS) {
      this.#events.now = this.#now;
      this.#arrivals.receive(this.#now);
      await this.#judgeShard();
      await this.#judgePresence();
    }
  }

  async #judgeShard(): Promise<void> {
    const minutes = this.#arrivals.minutes(minuteOf(this.#now - GRACE_MS));
    const isQuiet = this.#watched.length + this.#burning.length + this.#lasting.length === 0;
    if (isQuiet && minutes.late.length + minutes.closed.length + minutes.open.length === 0) return;
    const { baselines } = this.#input;
    const late = minutes.late.map((minute) => withoutJudged(minute, baselines));
    const owners = { roleLabels: ROLE_LABELS, hostAt: (position: number) => this.#hostOf(position) };
    const steps = judgeBurns(this.#burns, { ...minutes, late }, owners, SETTINGS, this.#events);
    const suspects = await this.#judgeMinutes({ ...minutes, late }, steps);
    for (const id of this.#watched) suspects.watch(id);
    const own = suspects.all.map(
      ([position, suspicion]): Suspect => ({
        namespaceId: position,
        ...suspicion,
        beside: [],
        usualAt: (at) => usualAt(baselines, position, at, 0),
      }),
    );
    const judging = {
      fleet: this.#fleet,
      roleLabels: ROLE_LABELS,
      settings: SETTINGS,
      hand: this.#hand,
      writer: this.#writer,
      now: this.#now,
    };
    if (own.length > 0) {
      await judgeObserved({ ...judging, until: minuteOf(this.#now) + AHEAD_MS }, own, {
        observed: new Map(
          own.map((suspect) => {
            const history = this.#arrivals.historyOf(suspect.namespaceId);
            return [suspect.namespaceId, history.since(lookedAtFrom(this.#hand, suspect, this.#now))];
          }),
        ),
        sysctls: new Map(own.map(({ namespaceId: id }) => [id, this.#hosts.get(id)?.shape.sysctls ?? {}])),
        window: { counterName, dropsId: DROPS_ID },
        events: this.#events,
        problems: this.#arrivals.problems().byHost,
      });
    }
    this.#burning = await new Objectives(this.#burning, steps, (position) => position).judge(judging);
    this.#watched = stillOn(
      this.#hand,
      own.map(({ namespaceId }) => namespaceId),
    );
    if (steps.length > 0) await this.#judgeRoles(owners);
  }

  /** @returns whose snapshots are to be looked at */
  async #judgeMinutes(minutes: Minutes, steps: readonly BurnStep[]): Promise<Suspects> {
    const { baselines } = this.#input;
    for (const minute of minutes.closed) this.#hours.add(minute);
    const leaks = await leaksOf(
      { hours: async (span) => this.#hours.of(span), baselines, offsets: { at: () => () => 0 } },
      minutes.closed,
    );
    const suspects = new Suspects(leastLossThreshold(SETTINGS));
    const lasting = new LastingFlags(this.#lasting);
    judgeMinutes(
      { baselines, lasting, still: this.#still, suspects },
      {
        ...minutes,
        steps,
        problems: this.#arrivals.problems().byMinute,
        leaks,
        donors: new Map(),
      },
      {
        hostAt: (position) => position,
        roleAt: (position) => this.#roles.get(position) ?? null,
        offsetAt: () => () => 0,
      },
      this.#now,
    );
    this.#lasting = lasting.all;
    this.outcomes.noteFlags(lasting.changed, this.#now);
    return suspects;
  }

  /** The objectives of roles: the only shard there is has all the hosts of each. */
  async #judgeRoles(owners: Parameters<typeof worstOfRole>[2]): Promise<void> {
    const roles = new Map(
      [...this.#burns.roles].map(([role, ring]): [string, RoleBurn] => {
        const burn = judgeBurn(ring, policyOf(SETTINGS, role).objective);
        const hostIds = burn === null ? [] : worstOfRole(this.#burns, role, owners);
        return [role, { at: (ring.minute + 1) * MINUTE_MS, burn, hostIds }];
      }),
    );
    const known = new Set([...this.#hand.book.episodes.values()].map(({ subject }) => subject));
    if ([...roles].every(([role, { burn }]) => burn === null && !known.has(roleBurnSubject(role)))) return;
    const { judgement, details } = rolesJudgement(roles, roleSizes(this.#fleet, ROLE_LABELS));
    await this.#writer.take(judgement, details);
  }

  async #judgePresence(): Promise<void> {
    const isOn = [...this.#hand.book.episodes.values()].some(({ cause }) => cause === "HOST_SILENT");
    const still = new Map(Object.entries(this.#still.all));
    if (!isOn && still.size === 0 && this.#arrivals.heardOfAll(this.#now - this.#quietMs)) return;
    const presences = this.#input.hosts.flatMap(({ id, everyMs }): HostPresence[] => {
      const { lastSeen } = this.#arrivals.historyOf(id);
      const since = stillSince(still.get(String(id)), this.#now);
      return lastSeen === 0 ? [] : [{ hostId: id, lastSeen, everyMs, goodbye: null, stillSince: since }];
    });
    const silences = judgeSilence(presences, this.#now);
    if (silences.length === 0 && !isOn) return;
    const judgement = presenceJudgement(silences, {
      fleet: this.#fleet,
      roleLabels: ROLE_LABELS,
      events: this.#events,
      judged: new Set(presences.map(({ hostId }) => hostSubject(hostId))),
      gone: new Set(),
      now: this.#now,
    });
    await this.#writer.take(judgement, detailsOf(silences));
  }

  readonly #writer = {
    /** Restarts, of which nobody is told. */
    record: (): Promise<number> => Promise.resolve(0),
    addEvidence: (): void => undefined,
    take: async (judgement: Judgement, details: ReadonlyMap<string, Detail>): Promise<void> => {
      for (const [subject, detail] of details) this.#hand.details.set(subject, detail);
      const { book, transitions } = advance(this.#hand.book, judgement);
      this.#hand.book = book;
      this.outcomes.note(transitions, judgement.at);
      for (const { subject, host } of judgement.observations) {
        const detail = details.get(subject);
        if (detail === undefined || detail.loss === null || host === "") continue;
        this.outcomes.noteLoss(this.#lossTold(Number(host), judgement.at, detail));
      }
    },
  };

  /** What was told of a loss, and who had not got in at the end of the same minute, from its first refusal on. */
  #lossTold(host: number, at: number, { loss, diagnosis }: Detail): LossTold {
    const own = this.#arrivals.historyOf(host).all;
    const minute = own.filter(({ snapshot }) => snapshot.at > at - MINUTE_MS && snapshot.at <= at);
    const first = minute.findIndex(({ truth }) => truth.refused > 0);
    const window = first === -1 ? [] : minute.slice(first);
    let clients = window[0]?.truth.trying ?? 0;
    let accepted = 0;
    for (const { truth } of window) {
      clients += truth.arrived;
      accepted += truth.accepted;
    }
    const truth = clients === 0 ? 0 : Math.max(0, 1 - accepted / clients);
    return { host, at, cause: diagnosis.cause, loss, truth };
  }

  #hostOf(position: number) {
    return this.#fleet.hostById.get(position);
  }
}
