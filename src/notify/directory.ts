import type { PrismaClient } from "../store/client.ts";
import { type DeliveryRecord, lastDelivery } from "../store/incidents/deliveries.ts";
import { type ReceiverStateRecord, receiverStates } from "../store/incidents/receiver-states.ts";
import type { ActiveReceiver, Notifying } from "./in-force.ts";
import type { ReceiverKind } from "./receiver.ts";
import { isDisabled } from "./take-in.ts";

/** A receiver as people see it, without its secrets. */
export interface ListedReceiver {
  readonly name: string;
  readonly kind: ReceiverKind;
  readonly target: string;
  /** Null before the first attempt with any settings. */
  readonly state: "OK" | "FAILING" | "DISABLED" | null;
  /** Times are ms since 1970; null unless it fails. */
  readonly failingSince: number | null;
  readonly lastStatus: number | null;
  /** Null before the first attempt. */
  readonly lastAnswer: string | null;
  readonly lastDelivery: DeliveryRecord | null;
}

/** The receivers of the file in force, in its order. */
export async function listReceivers(
  db: PrismaClient,
  notifying: Notifying | null,
): Promise<ListedReceiver[]> {
  if (notifying === null) return [];
  const states = await receiverStates(db);
  return Promise.all(
    [...notifying.receivers.values()].map(async ({ receiver }: ActiveReceiver) => {
      const { name, kind, target } = receiver;
      const known = states.get(name) ?? null;
      return {
        name,
        kind,
        target,
        state: known === null ? null : stateOf(known, isDisabled({ receiver: name }, notifying, states)),
        failingSince: known?.failingSince ?? null,
        lastStatus: known?.status ?? null,
        lastAnswer: known?.answer ?? null,
        lastDelivery: await lastDelivery(db, name),
      };
    }),
  );
}

function stateOf({ failingSince }: ReceiverStateRecord, disabled: boolean): "OK" | "FAILING" | "DISABLED" {
  if (disabled) return "DISABLED";
  return failingSince === null ? "OK" : "FAILING";
}
