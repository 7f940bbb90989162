/** Notifications on a real store, with a clock, far ends and a queue of the test's. */

import { expect } from "vitest";
import { acknowledgeIncident } from "../../src/incidents/acknowledge.ts";
import { notify } from "../../src/jobs/notify.ts";
import type { ReceiversConfig } from "../../src/notify/config/receivers-file.ts";
import { type Notifying, notifyingBy } from "../../src/notify/in-force.ts";
import type { PageLimit } from "../../src/notify/page-limit.ts";
import type { Notification, Outcome, ReceiverKind } from "../../src/notify/receiver.ts";
import type { Timing } from "../../src/notify/route.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { insertSilence, type NewSilence, type SilenceRecord } from "../../src/store/incidents/silences.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { judge, recover, T0 } from "./incidents.ts";

export const TAKEN: Outcome = { delivered: true, status: 200, answer: "ok" };
export const BUSY: Outcome = {
  delivered: false,
  status: 503,
  answer: "busy",
  retry: true,
  retryAfterMs: null,
};
export const GONE: Outcome = {
  delivered: false,
  status: 410,
  answer: "gone",
  retry: false,
  retryAfterMs: null,
  disable: true,
};

/** A receiver that remembers what it was sent, and answers as the test says. */
export class Ear {
  readonly heard: (Notification & { readonly heardAt: number })[] = [];
  answer: (notification: Notification) => Outcome | Promise<Outcome> = () => TAKEN;
  /** Before it hears something: what it throws keeps it from that. */
  gate: () => void = () => undefined;
  readonly name: string;
  readonly kind: ReceiverKind;

  constructor(name: string, kind: ReceiverKind = "PAGERDUTY") {
    this.name = name;
    this.kind = kind;
  }

  /** `OPENED 1,2`: kind, ids of what goes on, and with a dash of what is over. */
  get words(): string[] {
    return this.heard.map(
      ({ kind, incidents }) =>
        `${kind} ${incidents.map(({ incident, firing }) => (firing ? incident.id : -incident.id)).join(",")}`,
    );
  }
}

export const TIMING: Timing = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 };

/** Routes everything to each of the ears. */
export function toAll(
  ears: readonly Ear[],
  groupBy: readonly string[] = ["role", "cause"],
  pageLimit: PageLimit | null = null,
): ReceiversConfig {
  const route = {
    id: "{}",
    receiver: null,
    matchers: [],
    groupBy,
    timing: TIMING,
    pageLimit,
    continues: true,
    routes: [],
  };
  return {
    route: { ...route, routes: ears.map(({ name }) => ({ ...route, id: `{}/${name}`, receiver: name })) },
    receivers: ears.map(({ name }) => ({
      name,
      settings: { type: "slack", url: `https://${name}.example/` },
      allowed: { private: [], http: false },
      timeoutMs: 15_000,
      fingerprint: "1",
    })),
  };
}

/**
 * A worker's notifications, one job after the other; what is in memory dies with it. Without ears the receivers are the
 * real ones of its configuration.
 */
export class TestNotifier {
  now = T0;
  readonly metrics = new Metrics();
  notifying: Notifying;
  readonly #ears: readonly Ear[];
  readonly #handle: ReturnType<typeof notify>;
  readonly #added: { readonly name: string; readonly data: unknown }[] = [];

  constructor(db: PrismaClient, ears: readonly Ear[], config = toAll(ears)) {
    this.#ears = ears;
    this.notifying = this.by(config);
    const now = () => this.now;
    const queue = {
      addBulk: async (jobs: readonly { name: string; data: unknown }[]) => this.#added.push(...jobs),
    };
    this.#handle = notify({
      db,
      queues: { notify: queue },
      log: createLog("silent"),
      metrics: this.metrics,
      notifying: () => this.notifying,
      roleLabels: ["role"],
      publicUrl: "https://spillway.example",
      layouts: new LayoutCache(),
      fleet: new FleetView(db, now),
      stopping: new AbortController().signal,
      now,
    });
  }

  by(config: ReceiversConfig): Notifying {
    const common = { publicUrl: "https://spillway.example", now: () => this.now };
    if (this.#ears.length === 0) return notifyingBy(config, common);
    const create = ({ name }: { readonly name: string }) => {
      const ear = this.#ears.find((one) => one.name === name);
      if (ear === undefined) throw new Error(`there is no ear ${name}`);
      return {
        name,
        kind: ear.kind,
        target: name,
        send: async (notification: Notification) => {
          ear.gate();
          ear.heard.push({ ...notification, heardAt: this.now });
          return ear.answer(notification);
        },
      };
    };
    return notifyingBy(config, { ...common, create });
  }

  /** What the schedule's job does, and the jobs that it adds, and those that they add. */
  tick(): Promise<void> {
    return this.#run({ name: "tick", data: {} });
  }

  /** What another worker's job does that this one takes from the queue. */
  deliver(delivery: number): Promise<void> {
    return this.#run({ name: "deliver", data: { delivery } });
  }

  async #run(job: { readonly name: string; readonly data: unknown }): Promise<void> {
    await this.#handle(job);
    await Promise.all(this.#added.splice(0).map((added) => this.#run(added)));
  }

  /** Lets time pass, with a tick now and at the end of each part. */
  async pass(ms: number, partMs = 30_000): Promise<void> {
    await this.tick();
    const until = this.now + ms;
    while (this.now < until) {
      this.now = Math.min(until, this.now + partMs);
      await this.tick();
    }
  }
}

/** An incident of a key of its own. */
export function openIncident(db: PrismaClient, key: string, said: Parameters<typeof judge>[1] = {}) {
  return judge(db, { dedupKey: key, ...said });
}

export function closeIncident(db: PrismaClient, key: string, judgedAt = T0 + 1_200_000) {
  return recover(db, { dedupKey: key, judgedAt });
}

/** Ada is on it, from a time on, ms since 1970. */
export function acknowledge(db: PrismaClient, incidentId: number, now: number): Promise<unknown> {
  const actor = { kind: "token", id: null, name: "ada", scopes: ["operate"] } as const;
  return acknowledgeIncident({ db, actor, now }, incidentId, null);
}

/** A silence of those that have these labels, from the beginning and without an end unless it is said. */
export function silence(
  db: PrismaClient,
  labels: Readonly<Record<string, string>>,
  said: Partial<NewSilence> = {},
): Promise<SilenceRecord> {
  return insertSilence(db, {
    matchers: Object.entries(labels).map(([name, value]) => ({ name, op: "EQ", value })),
    from: T0,
    until: null,
    window: null,
    maintenance: false,
    comment: "",
    createdBy: "ada",
    createdAt: said.from ?? T0,
    ...said,
  });
}

/** Nothing is left that anybody would have to do. */
export async function expectNothingLeft(db: PrismaClient): Promise<void> {
  const groups = await db.notificationGroup.count();
  const outbox = await db.notificationOutbox.count();
  const pending = await db.delivery.count({ where: { nextTryAt: { not: null } } });
  expect({ groups, outbox, pending }).toEqual({ groups: 0, outbox: 0, pending: 0 });
}
