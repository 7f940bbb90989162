import { type Incident, type Judgement, OpenBook } from "../../detect/episodes/book.ts";
import { inhibitions, isBurntBy } from "../../detect/episodes/inhibition.ts";
import { REOPEN_MS } from "../../detect/episodes/policy.ts";
import { titleOf } from "../../detect/episodes/title.ts";
import type { DetectionSettings } from "../../detect/settings.ts";
import type { Changed } from "../../live/events.ts";
import type { Db } from "../../store/client.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import { attachAnomalies, type NewAnomaly } from "../../store/incidents/anomalies.ts";
import { incidentsById } from "../../store/incidents/incident-pages.ts";
import { setInhibition } from "../../store/incidents/inhibit.ts";
import { type Finding, openOrUpdate } from "../../store/incidents/open.ts";
import { resolveByKey } from "../../store/incidents/resolve.ts";
import type { Labels } from "../../store/labels/effective.ts";
import type { Detail, HandBook } from "./hand-book.ts";
import { recordChanged } from "./record-lasting.ts";
import { subjectsOf, tellingOf } from "./telling.ts";

/** Anomalies that were recorded, by host: evidence of the incidents that it is in. */
export type AnomaliesOfHosts = ReadonlyMap<number, readonly number[]>;

/** What became of incidents. */
export interface Written {
  readonly opened: number;
  readonly resolved: number;
  /** Those that are at a new revision. */
  readonly changed: readonly Changed[];
  /** Anomalies that are at a new revision. */
  readonly anomalies: readonly Changed[];
}

export const NOTHING_WRITTEN: Written = { opened: 0, resolved: 0, changed: [], anomalies: [] };

/** The numbers of an incident that goes on as it is are written so often; at each judgement while it is young. */
const REFRESH_MS = 30_000;
const FRESH_MS = 60_000;

const NOT_FOUND = "detection has begun anew and does not find it";

interface WriterDeps {
  readonly tx: Db;
  readonly hand: HandBook;
  readonly fleet: Fleet;
  readonly anomalies: AnomaliesOfHosts;
  readonly roleLabels: readonly string[];
  readonly settings: DetectionSettings;
  /** The service's clock, ms since 1970. */
  readonly now: number;
}

/**
 * Takes judgements into the book, in the order of their times, and brings the tables of incidents in line with it.
 *
 * An incident that changed is written once for all judgements of a run; what opens and is over within one run, of
 * data that came late, is opened and resolved all the same. Within one transaction; the book is locked.
 */
export class IncidentWriter {
  readonly #deps: WriterDeps;
  readonly #book: OpenBook;
  /** Incidents that are on and whose rows are not yet as they are, by key. */
  readonly #unwritten = new Map<string, Finding>();
  readonly #changed = new Set<number>();
  /** Keys of those that were opened in this run, or opened again: of these rows none says yet what explains it. */
  readonly #begun = new Set<string>();
  /** Recorded by the way, by id, and those that are evidence of the incidents of a host. */
  readonly #recorded = new Map<string, Changed>();
  readonly #evidence = new Map<number, Set<number>>();
  /** Of the newest judgement taken. */
  #at = 0;
  #opened = 0;
  #resolved = 0;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    this.#book = new OpenBook(deps.hand.book);
  }

  /** @param details what is told of the subjects judged, where something is */
  async take(judgement: Judgement, details: ReadonlyMap<string, Detail>): Promise<void> {
    const { hand } = this.#deps;
    this.#at = Math.max(this.#at, judgement.at);
    const renamed = new Set<string>();
    for (const [subject, detail] of details) {
      const known = hand.details.get(subject);
      if (known?.diagnosis.cause !== detail.diagnosis.cause) renamed.add(subject);
      hand.details.set(subject, detail);
    }
    const taken = this.#book.take(judgement);
    const transitions = taken ?? [];
    const { book } = this.#book;
    if (taken !== null) hand.book = book;
    const changed = new Set(transitions.map(({ key }) => key));
    const burning = new Set(
      [...changed].flatMap((key) => {
        const incident = book.incidents.get(key);
        return incident?.cause === "SLO_BURN" ? incident.members : [];
      }),
    );
    const over = transitions.filter(({ kind }) => kind === "resolved");
    for (const incident of book.incidents.values()) {
      if (incident.status !== "open") continue;
      const isChanged =
        changed.has(incident.key) ||
        (burning.size > 0 && isBurntBy(incident.cause) && incident.members.some((host) => burning.has(host)));
      if (isChanged || this.#isToldAnew(incident, judgement.at, details, renamed)) {
        this.#note(incident, judgement.at);
      }
    }
    // In the order of the keys, so that two transactions that end several wait for each other in one order.
    for (const { key, detail } of over.sort((a, b) => (a.key < b.key ? -1 : 1))) {
      await this.#resolve(key, judgement.at, detail ?? "recovered");
    }
  }

  /** Records an anomaly that no detector flags. @returns its id */
  async record(anomaly: NewAnomaly): Promise<number> {
    const { ids, changed } = await recordChanged(this.#deps.tx, [anomaly]);
    for (const one of changed) this.#recorded.set(one.id, one);
    return ids[0] ?? 0;
  }

  /** Makes an anomaly evidence of the incidents of its host that are written from now on. */
  addEvidence(hostId: number, id: number): void {
    const ids = this.#evidence.get(hostId) ?? new Set();
    this.#evidence.set(hostId, ids.add(id));
  }

  /** Writes what is on and not written yet. Call it last. @returns what became of incidents since the first call */
  async finish(): Promise<Written> {
    for (const key of [...this.#unwritten.keys()].sort()) await this.#open(key);
    await this.#inhibit();
    await this.#resolveOrphans();
    const { tx } = this.#deps;
    const changed = (await incidentsById(tx, [...this.#changed])).map(({ id, revision }) => ({
      id: String(id),
      revision,
    }));
    const anomalies = [...this.#recorded.values()];
    return { opened: this.#opened, resolved: this.#resolved, changed, anomalies };
  }

  /** Keeps which incidents are explained by others, where that changed: those that explain are written before. */
  async #inhibit(): Promise<void> {
    const { tx, hand, now } = this.#deps;
    const held = inhibitions(hand.book.incidents.values(), hand.inhibited);
    for (const dedupKey of [...new Set([...hand.inhibited.keys(), ...held.keys()])].sort()) {
      const by = held.get(dedupKey) ?? null;
      const was = this.#begun.has(dedupKey) ? null : (hand.inhibited.get(dedupKey) ?? null);
      if (by === was) continue;
      const id = await setInhibition(tx, { dedupKey, by, judgedAt: this.#at }, now);
      if (id !== null) this.#changed.add(id);
    }
    hand.inhibited = held;
  }

  /** Resolves what was open when the book was begun anew, and was not found again. */
  async #resolveOrphans(): Promise<void> {
    const { hand, now } = this.#deps;
    if (hand.orphans === null || now < hand.orphans.until) return;
    for (const key of hand.orphans.keys) {
      if (hand.book.incidents.get(key)?.status !== "open") await this.#resolve(key, this.#at, NOT_FOUND);
    }
    hand.orphans = null;
  }

  /** Whether a member was diagnosed otherwise, or it is time for the numbers of its diagnosis. */
  #isToldAnew(
    incident: Incident,
    at: number,
    details: ReadonlyMap<string, Detail>,
    renamed: ReadonlySet<string>,
  ): boolean {
    const told = this.#deps.hand.judgedAt.get(incident.key) ?? 0;
    const isDue = at - told >= REFRESH_MS || at - incident.openedAt < FRESH_MS;
    // Looked for among its subjects, which are many, only where there is something to tell.
    const news = isDue ? [...details.keys()] : [...renamed];
    if (incident.scope.kind === "host") return news.includes(incident.scope.of);
    return news.length > 0 && subjectsOf(incident, this.#deps.hand).some((subject) => news.includes(subject));
  }

  #note(incident: Incident, at: number): void {
    const { key, severity, cause, flapping, startedAt, members } = incident;
    const { fleet } = this.#deps;
    const nameOf = (host: string) => fleet.hostById.get(Number(host))?.name ?? `host ${host}`;
    const { detail, urgency } = tellingOf(incident, this.#deps);
    this.#unwritten.set(key, {
      dedupKey: key,
      judgedAt: this.#judgedAt(key, at),
      startedAt,
      severity,
      urgency,
      cause,
      title: titleOf(incident, nameOf),
      labels: commonLabels(members.map((host) => fleet.hostById.get(Number(host))?.labels ?? {})),
      flapping,
      loss: detail?.loss ?? null,
      diagnosis: detail?.diagnosis ?? null,
      hosts: members.map((host) => ({ hostId: Number(host), hostName: nameOf(host) })),
      reopenSince: at - REOPEN_MS,
    });
  }

  #judgedAt(key: string, at: number): number {
    const { judgedAt } = this.#deps.hand;
    const next = Math.max(at, (judgedAt.get(key) ?? 0) + 1);
    judgedAt.set(key, next);
    return next;
  }

  async #open(key: string): Promise<void> {
    const { tx, now, anomalies } = this.#deps;
    const finding = this.#unwritten.get(key);
    if (finding === undefined) return;
    this.#unwritten.delete(key);
    const { incidentId, outcome } = await openOrUpdate(tx, finding, now);
    if (outcome !== "unchanged") this.#changed.add(incidentId);
    if (outcome === "opened" || outcome === "reopened") {
      this.#opened++;
      this.#begun.add(key);
    }
    const evidence = finding.hosts.flatMap(({ hostId }) =>
      [...(anomalies.get(hostId) ?? []), ...(this.#evidence.get(hostId) ?? [])].map((id) => ({ hostId, id })),
    );
    if (evidence.length > 0) await attachAnomalies(tx, incidentId, evidence);
  }

  async #resolve(key: string, at: number, text: string): Promise<void> {
    await this.#open(key);
    const recovery = { dedupKey: key, judgedAt: this.#judgedAt(key, at), text };
    const incidentId = await resolveByKey(this.#deps.tx, recovery, this.#deps.now);
    if (incidentId === null) return;
    this.#changed.add(incidentId);
    this.#resolved++;
  }
}

/** The labels that all have alike. */
function commonLabels([first = {}, ...others]: readonly Labels[]): Labels {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((labels) => labels[name] === value)),
  );
}
