import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import { type DeliverDeps, type Delivered, deliver, PER_RECEIVER } from "../notify/deliver.ts";
import { flushGroup } from "../notify/flush.ts";
import type { Notifying } from "../notify/in-force.ts";
import { GIVE_UP_MS } from "../notify/retry.ts";
import { type TakeInDeps, takeIn } from "../notify/take-in.ts";
import { dueDeliveries, giveUpUnknown, oldestPending } from "../store/incidents/deliveries.ts";
import { dueGroups } from "../store/incidents/groups.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { JobView } from "./queue-backend.ts";
import type { Queues } from "./queues.ts";

const deliverJob = z.object({ delivery: z.number().int() });

/** Groups that one tick looks at; the next is two seconds later. */
const GROUPS = 500;

export interface NotifyJobDeps extends DeliverDeps, TakeInDeps {
  readonly queues: { readonly notify: Pick<Queues["notify"], "addBulk"> };
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Where notifications go; null when no file says it: then the outbox waits. */
  readonly notifying: () => Notifying | null;
}

/**
 * The `notify` queue. `tick` sorts the outbox into groups, plans what is due to be told, and adds a job for each
 * delivery whose time has come; `deliver` makes one attempt, and adds a job for the next. Safe to run twice and at once,
 * and to die at any point: what is to be done is in Postgres, and each step of it one transaction.
 */
export function notify(deps: NotifyJobDeps): (job: JobView) => Promise<void> {
  let sorted: Notifying | null = null;
  return async ({ name, data }) => {
    const notifying = deps.notifying();
    if (notifying === null) return;
    switch (name) {
      case "tick": {
        // Who has just begun, or has read new routes, sorts in all that goes on.
        const everything = sorted !== notifying;
        await tick(deps, notifying, everything);
        sorted = notifying;
        return;
      }
      case "deliver": {
        const payload = deliverJob.safeParse(data);
        if (!payload.success) {
          throw new SpillwayError("INTERNAL", `notify: not a delivery: ${z.prettifyError(payload.error)}`);
        }
        return deliverOne(deps, notifying, payload.data.delivery);
      }
      default:
        throw new SpillwayError("INTERNAL", `notify: there is no job ${name}`);
    }
  };
}

async function tick(deps: NotifyJobDeps, notifying: Notifying, everything: boolean): Promise<void> {
  const { db, metrics, log, now } = deps;
  let { more } = await takeIn(deps, notifying, { everything }, now());
  while (more) ({ more } = await takeIn(deps, notifying, { everything: false }, now()));

  const receivers = [...notifying.receivers.keys()];
  for (const id of await dueGroups(db, receivers, now(), GROUPS)) {
    try {
      await flushGroup(deps, notifying, id, now());
    } catch (error) {
      // The others are not to wait for it; it is due again at the next tick.
      log.error({ err: error, group: id }, "a group of notifications cannot be looked at");
    }
  }

  await addDue(deps, receivers);
  const ended = await giveUpUnknown(db, receivers, now() - GIVE_UP_MS, "there is no such receiver any more");
  if (ended > 0) {
    log.warn(
      { deliveries: ended },
      "notifications to receivers that receivers.yml does not name are given up",
    );
  }
  const oldest = await oldestPending(db, receivers);
  metrics.notificationsOldestPending.set(oldest === null ? 0 : Math.max(0, now() - oldest) / 1000);
}

/** Adds a job for each delivery that may be attempted now, of each receiver as many as it has attempts at a time. */
async function addDue({ db, queues, now }: NotifyJobDeps, receivers: readonly string[]): Promise<void> {
  const due = await dueDeliveries(db, receivers, now(), { perReceiver: PER_RECEIVER });
  if (due.length === 0) return;
  await queues.notify.addBulk(
    due.map((delivery) => ({
      name: "deliver",
      data: { delivery },
      opts: { deduplication: { id: `delivery-${delivery}` } },
    })),
  );
}

/**
 * Makes the attempt, and has the receiver's next delivery follow it: a receiver is told as fast as its far end takes
 * what it is told, and at the pace of the ticks while that takes nothing.
 */
async function deliverOne(deps: NotifyJobDeps, notifying: Notifying, id: number): Promise<void> {
  const delivered = await deliver(deps, notifying, id);
  if (delivered === null) return;
  report(deps, id, delivered);
  const { receiver, outcome } = delivered;
  // What is left to a worker that has read a newer file is not this one's to go on with.
  if (!notifying.receivers.has(receiver)) return;
  const fails = outcome?.delivered === false;
  if (!fails && !deps.stopping.aborted) await addDue(deps, [receiver]);
}

function report({ log, metrics }: NotifyJobDeps, id: number, { receiver, outcome, again }: Delivered): void {
  if (outcome === null) return;
  const result = outcome.delivered ? "delivered" : again ? "retried" : "given_up";
  metrics.notifications.inc({ receiver, outcome: result });
  const { templateFault } = outcome;
  if (templateFault !== undefined) {
    log.warn(
      { receiver, delivery: id, fault: templateFault },
      "a template of receivers.yml failed; mend it, and send SIGHUP",
    );
  }
  if (outcome.delivered) return;
  log.warn(
    { receiver, delivery: id, status: outcome.status, answer: outcome.answer.slice(0, 200) },
    again
      ? "a notification was not taken; it is tried again"
      : "a notification was not taken and is given up",
  );
}
