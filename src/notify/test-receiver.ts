import { randomUUID } from "node:crypto";
import { SpillwayError } from "../errors.ts";
import { inTransaction, type PrismaClient } from "../store/client.ts";
import { claimDelivery, type DeliveryRecord, planDelivery } from "../store/incidents/deliveries.ts";
import { attempt, CLAIM_MS, keepOutcome } from "./attempt.ts";
import type { Notifying } from "./in-force.ts";

const NO_LIMIT = 1_000_000;

export interface TestDeps {
  readonly db: PrismaClient;
  readonly publicUrl: string;
  /** ms since 1970 */
  readonly now: () => number;
}

/**
 * Sends a test to a receiver, once, and waits for the answer. A receiver that was disabled is in use again when its far
 * end takes the test.
 *
 * @returns the delivery, with what the far end answered
 * @throws NOT_FOUND for a receiver that there is not
 */
export async function testReceiver(
  { db, publicUrl, now }: TestDeps,
  notifying: Notifying | null,
  name: string,
): Promise<DeliveryRecord> {
  const active = notifying?.receivers.get(name);
  if (active === undefined) {
    throw new SpillwayError(
      "NOT_FOUND",
      `there is no receiver "${name.slice(0, 60)}"; \`receivers\` lists those there are`,
    );
  }
  const at = now();
  const idempotencyKey = `test-${randomUUID()}`;
  const planned = await inTransaction(db, async (tx) => {
    const test = { receiver: name, kind: "TEST", idempotencyKey, groupId: null, incidents: [] } as const;
    const delivery = await planDelivery(tx, test, at);
    const until = at + CLAIM_MS;
    // Before anybody else can see it: no worker sends it too. A person waits, so it waits for no other delivery.
    await claimDelivery(tx, delivery.id, { now: at, until, perReceiver: NO_LIMIT });
    return { ...delivery, until };
  });
  const notification = {
    kind: "TEST",
    idempotencyKey,
    groupKey: idempotencyKey,
    groupLabels: {},
    digest: false,
    incidents: [],
    url: publicUrl === "" ? "/" : publicUrl,
    at,
  } as const;
  const outcome = await attempt(active, async () => notification, new AbortController().signal);
  // A person has the answer, and tries again who wants to.
  const once = outcome.delivered ? outcome : { ...outcome, retry: false };
  return keepOutcome(db, active, planned, once, now(), () => null);
}
