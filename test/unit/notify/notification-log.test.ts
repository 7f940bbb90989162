/** Random lives of incidents, against far ends that fail and workers that die: what arrives holds together. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, type Member, type Telling } from "../../../src/notify/decide.ts";
import type { ReceiverKind } from "../../../src/notify/receiver.ts";
import type { Timing } from "../../../src/notify/route.ts";
import { TRAITS } from "../../../src/notify/traits.ts";
import { SEVERITIES } from "../../../src/store/incidents/records.ts";
import { incidentRecord } from "../../support/incident-records.ts";

const TIMING: Timing = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 3_600_000 };
const INCIDENTS = 4;

type Step =
  | { readonly kind: "open" | "resolve" | "acknowledge" | "hold" | "release"; readonly incident: number }
  | { readonly kind: "worsen"; readonly incident: number; readonly severity: number }
  | { readonly kind: "wait"; readonly ms: number }
  /** What comes of the attempt at the delivery that is under way. */
  | {
      readonly kind: "attempt";
      readonly outcome: "taken" | "refused" | "died before sending" | "died after it" | "given up";
    };

const incident = fc.nat(INCIDENTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("open", "resolve", "acknowledge", "hold", "release"), incident }),
  fc.record({ kind: fc.constant("worsen"), incident, severity: fc.nat(SEVERITIES.length - 1) }),
  fc.record({ kind: fc.constant("wait"), ms: fc.oneof(fc.nat(40_000), fc.nat(400_000), fc.nat(4_000_000)) }),
  fc.record({
    kind: fc.constant("attempt"),
    outcome: fc.constantFrom("taken", "refused", "died before sending", "died after it", "given up"),
  }),
);

interface Sent {
  readonly at: number;
  readonly groupKey: number;
  readonly idempotencyKey: number;
  readonly kind: string;
  readonly incidents: readonly { readonly id: number; readonly firing: boolean }[];
}

/** What Postgres holds of one group, and what its far end has heard. */
class World {
  now = 1_000_000_000;
  readonly planned: Sent[] = [];
  readonly heard: Sent[] = [];
  readonly #members = new Map<number, { member: Member; telling: Telling }>();
  #pending: Sent | null = null;
  #group: { key: number; sentAt: number | null; newsSince: number | null; dueAt: number } | null = null;
  #keys = 0;
  readonly #kind: ReceiverKind;

  constructor(kind: ReceiverKind) {
    this.#kind = kind;
  }

  take(step: Step): void {
    switch (step.kind) {
      case "wait":
        this.wait(step.ms);
        break;
      case "attempt":
        this.attempt(step.outcome);
        break;
      case "open": {
        const known = this.#members.get(step.incident);
        if (known === undefined) {
          const fresh = { told: "NOTHING", saying: null, acknowledged: false } as const;
          const member = { incident: incidentRecord({ id: step.incident }), held: false, ...fresh };
          this.#members.set(step.incident, { member, telling: fresh });
          this.#group ??= { key: this.#keys++, sentAt: null, newsSince: null, dueAt: this.now };
        } else this.#change(step.incident, { resolvedAt: null, acknowledgedAt: null });
        this.#wake();
        break;
      }
      case "resolve":
        this.#change(step.incident, { resolvedAt: this.now });
        this.#wake();
        break;
      case "acknowledge":
        this.#change(step.incident, { acknowledgedAt: this.now });
        this.#wake();
        break;
      case "worsen":
        this.#change(step.incident, { severity: SEVERITIES[step.severity] ?? "INFO" });
        this.#wake();
        break;
      case "hold":
      case "release": {
        const known = this.#members.get(step.incident);
        if (known !== undefined) known.member = { ...known.member, held: step.kind === "hold" };
      }
    }
  }

  attempt(outcome: Extract<Step, { kind: "attempt" }>["outcome"]): void {
    if (this.#pending === null) return;
    if (outcome === "taken" || outcome === "died after it")
      this.heard.push({ ...this.#pending, at: this.now });
    if (outcome === "taken" || outcome === "given up") {
      this.#pending = null;
      this.#look();
    }
  }

  /** All that goes on ends, and every delivery is taken: until nobody needs to hear more. */
  settle(): void {
    for (const id of this.#members.keys()) this.#change(id, { resolvedAt: this.now });
    this.#wake();
    for (let round = 0; this.#group !== null && round < 10; round++) {
      this.wait(TIMING.groupIntervalMs);
      this.attempt("taken");
    }
  }

  /** Time passes in which all that there is to tell is told. */
  tellAll(): void {
    for (let round = 0; round < 2; round++) {
      this.wait(TIMING.groupIntervalMs + TIMING.groupWaitMs);
      this.attempt("taken");
    }
  }

  /** Nothing is held back any more, and all that goes on is told. */
  release(): void {
    for (const known of this.#members.values()) known.member = { ...known.member, held: false };
    this.tellAll();
  }

  /** Ids of what goes on. */
  get going(): number[] {
    return [...this.#members]
      .filter(([, { member }]) => member.incident.resolvedAt === null)
      .map(([id]) => id)
      .sort((a, b) => a - b);
  }

  get isForgotten(): boolean {
    return this.#group === null;
  }

  wait(ms: number): void {
    const until = this.now + ms;
    while (this.#pending === null && this.#group !== null && this.#group.dueAt <= until) {
      this.now = Math.max(this.now, this.#group.dueAt);
      this.#look();
    }
    this.now = until;
  }

  #change(id: number, change: Partial<Member["incident"]>): void {
    const known = this.#members.get(id);
    if (known === undefined) return;
    known.member = { ...known.member, incident: { ...known.member.incident, ...change } };
  }

  #wake(): void {
    if (this.#group === null) return;
    this.#group.dueAt = Math.min(this.#group.dueAt, this.now);
    this.#look();
  }

  #look(): void {
    const group = this.#group;
    if (group === null || this.#pending !== null || group.dueAt > this.now) return;
    const members = [...this.#members.values()].map(({ member, telling }) => ({ ...member, ...telling }));
    const decision = decide({ ...group, members }, TIMING, TRAITS[this.#kind], this.now);
    for (const id of decision.dropped) this.#members.delete(id);
    for (const [id, telling] of decision.tellings) {
      const known = this.#members.get(id);
      if (known !== undefined) known.telling = telling;
    }
    if (decision.dueAt === null) {
      this.#members.clear();
      this.#group = null;
      return;
    }
    if (decision.dueAt <= this.now) throw new Error("it would look again and again");
    group.newsSince = decision.newsSince;
    group.dueAt = decision.dueAt;
    if (decision.notification === null) return;
    const { kind, begins, incidents } = decision.notification;
    if (begins) group.key = this.#keys++;
    group.sentAt = this.now;
    this.#pending = {
      at: this.now,
      groupKey: group.key,
      idempotencyKey: this.planned.length,
      kind,
      incidents,
    };
    this.planned.push(this.#pending);
  }
}

test.each<ReceiverKind>(["PAGERDUTY", "ALERTMANAGER", "EMAIL"])("what %s hears holds together", (kind) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World(kind);
      for (const step of steps) world.take(step);
      world.settle();
      expect(world.isForgotten).toBe(true);

      const { planned, heard } = world;
      for (const [index, one] of planned.entries()) {
        const next = planned[index + 1];
        if (next === undefined) continue;
        expect(next.at - one.at, "no two within group_interval").toBeGreaterThanOrEqual(
          TIMING.groupIntervalMs,
        );
        // One key from the first notification to the one that resolves it.
        const ends = one.kind === "RESOLVED";
        expect(next.groupKey !== one.groupKey).toBe(ends);
        expect(next.kind === "OPENED").toBe(ends);
      }
      if (planned.length > 0)
        expect([planned[0]?.kind, planned.at(-1)?.kind]).toEqual(["OPENED", "RESOLVED"]);

      // In the order in which they were planned; a repetition is next to its first and says the same.
      const keys = heard.map(({ idempotencyKey }) => idempotencyKey);
      expect(keys).toEqual([...keys].sort((a, b) => a - b));
      for (let id = 0; id < INCIDENTS; id++) {
        const said = planned.flatMap(({ incidents }) => incidents.filter((one) => one.id === id));
        // Of each incident first that it goes on, at last that it is over, and that it is over once.
        expect(said[0]?.firing ?? true).toBe(true);
        expect(said.at(-1)?.firing ?? false).toBe(false);
        for (const [index, { firing }] of said.entries()) {
          if (!firing) expect(said[index - 1]?.firing).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("a far end that forgets is told of all that goes on by the delivery that is repeated", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const world = new World("ALERTMANAGER");
      for (const step of steps) {
        world.take(step);
        world.tellAll();
      }
      world.release();
      const repeated = world.planned.at(-1)?.incidents ?? [];
      const firing = repeated.filter((one) => one.firing).map(({ id }) => id);
      expect(firing.sort((a, b) => a - b)).toEqual(world.going);
    }),
    { numRuns: 2_000 },
  );
});

test("what ends within group_wait is told to nobody", () => {
  const world = new World("SLACK");
  world.take({ kind: "open", incident: 0 });
  world.wait(TIMING.groupWaitMs - 1);
  world.take({ kind: "resolve", incident: 0 });
  world.wait(10 * TIMING.groupIntervalMs);
  expect([world.planned, world.isForgotten]).toEqual([[], true]);
});
