import { type DeliveryRecord, findDelivery } from "../store/incidents/deliveries.ts";
import { DELIVERY_KINDS, DELIVERY_STATUSES } from "../store/incidents/records.ts";
import { builder } from "./builder.ts";
import { connectionType } from "./connection.ts";
import { deliveryNodeId } from "./ids.ts";
import { Node, nodeById } from "./node.ts";

const DeliveryKind = builder.enumType("DeliveryKind", {
  description:
    "What a notification tells of. REMINDER: nothing new, but it is not over; TEST: nothing at all.",
  values: DELIVERY_KINDS,
});

const DeliveryStatus = builder.enumType("DeliveryStatus", {
  description: "PENDING is tried, or tried again; FAILED has been given up.",
  values: DELIVERY_STATUSES,
});

export const Delivery = builder.objectRef<DeliveryRecord>("Delivery").implement({
  description: "One notification to one receiver, and what the far end answered.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => deliveryNodeId(id) }),
    receiver: t.exposeString("receiver", { description: "Name of the receiver." }),
    kind: t.field({ type: DeliveryKind, resolve: ({ kind }) => kind }),
    status: t.field({ type: DeliveryStatus, resolve: ({ status }) => status }),
    idempotencyKey: t.exposeString("idempotencyKey", {
      description: "The same on every attempt, so that the far end can tell a repetition.",
    }),
    attempts: t.exposeInt("attempts"),
    createdAt: t.field({ type: "DateTime", resolve: ({ createdAt }) => createdAt }),
    lastAttemptAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null before the first attempt.",
      resolve: ({ lastTryAt }) => lastTryAt,
    }),
    nextAttemptAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null when it will not be tried again.",
      resolve: ({ nextTryAt }) => nextTryAt,
    }),
    lastStatus: t.exposeInt("lastStatus", {
      nullable: true,
      description:
        "HTTP or SMTP status of the last attempt; null before the first, and when nobody answered.",
    }),
    lastAnswer: t.exposeString("lastAnswer", {
      nullable: true,
      description: "Beginning of what was answered, or why nothing was; null before the first attempt.",
    }),
  }),
});

nodeById("delivery", "Delivery", async ({ db }, ownId) =>
  /^[0-9]{1,15}$/.test(ownId) ? findDelivery(db, Number(ownId)) : null,
);

export const DeliveryConnection = connectionType("Delivery", Delivery, "deliveries, newest first");
