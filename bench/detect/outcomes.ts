import type { Cause } from "../../src/detect/diagnosis/cause.ts";
import type { Incident, Transition } from "../../src/detect/episodes/book.ts";
import { inhibitions } from "../../src/detect/episodes/inhibition.ts";
import type { PositionAnomaly } from "../../src/jobs/detect/lasting.ts";
import { type TellingDeps, tellingOf } from "../../src/jobs/detect/telling.ts";
import type { LossShare } from "../../src/rates/loss.ts";

/** An incident of the corpus, from its first opening to its last resolution. */
export interface Outcome {
  readonly openedAt: number;
  resolvedAt: number | null;
  openings: number;
  /** The newest: an incident is read when it is over. */
  cause: Cause;
  /** Whether it is of a role, and every host that was ever in it. */
  scope: Incident["scope"]["kind"];
  readonly hosts: Set<number>;
  /** When somebody was first told of it, and first woken for it; null for never: another explains it. */
  toldAt: number | null;
  pagedAt: number | null;
  flapped: boolean;
}

/** What was told of the loss on a host at one moment, and what it was. */
export interface LossTold {
  readonly host: number;
  readonly at: number;
  readonly cause: Cause;
  readonly loss: LossShare | null;
  readonly truth: number;
}

/** Something unusual that was recorded, when it was recorded first. */
export interface Flagged {
  readonly host: number;
  readonly detector: string;
  readonly startedAt: number;
  readonly seenAt: number;
}

/** What became of the incidents of a run. */
export class Outcomes {
  readonly all: Outcome[] = [];
  readonly losses: LossTold[] = [];
  readonly flags: Flagged[] = [];
  readonly #flagged = new Set<string>();
  readonly #byKey = new Map<string, Outcome>();

  readonly #telling: TellingDeps;
  /** Incidents that others explain, as the last judgement left them. */
  #held: ReadonlyMap<string, string> = new Map();

  constructor(telling: TellingDeps) {
    this.#telling = telling;
  }

  /** @param at ms since 1970: of the judgement that the book has taken */
  note(transitions: readonly Transition[], at: number): void {
    const { incidents } = this.#telling.hand.book;
    for (const { kind, key } of transitions) {
      const incident = incidents.get(key);
      if (incident === undefined) continue;
      if (kind === "opened") this.#open(incident, at);
      const outcome = this.#byKey.get(key);
      if (outcome === undefined) continue;
      if (kind === "resolved") outcome.resolvedAt = at;
      if (kind === "reopened") outcome.openings++;
    }
    const held = inhibitions(incidents.values(), this.#held);
    this.#held = held;
    for (const incident of incidents.values()) {
      const outcome = this.#byKey.get(incident.key);
      if (outcome === undefined || incident.status !== "open") continue;
      outcome.cause = incident.cause;
      outcome.flapped ||= incident.flapping;
      for (const host of incident.members) outcome.hosts.add(Number(host));
      if (outcome.pagedAt !== null || held.has(incident.key)) continue;
      outcome.toldAt ??= at;
      if (tellingOf(incident, this.#telling).urgency === "PAGE") outcome.pagedAt = at;
    }
  }

  noteLoss(told: LossTold): void {
    if (told.loss !== null && told.loss.share > 0) this.losses.push(told);
  }

  noteFlags(changed: readonly PositionAnomaly[], at: number): void {
    for (const { position, detector, counter, startedAt } of changed) {
      const name = `${position} ${detector} ${counter} ${startedAt}`;
      if (this.#flagged.has(name)) continue;
      this.#flagged.add(name);
      this.flags.push({ host: position, detector, startedAt, seenAt: at });
    }
  }

  #open({ key, cause, scope, members }: Incident, at: number): void {
    const outcome: Outcome = {
      openedAt: at,
      resolvedAt: null,
      openings: 1,
      cause,
      scope: scope.kind,
      hosts: new Set(members.map(Number)),
      toldAt: null,
      pagedAt: null,
      flapped: false,
    };
    this.all.push(outcome);
    this.#byKey.set(key, outcome);
  }
}
