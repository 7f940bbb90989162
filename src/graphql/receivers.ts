import { recordAudit } from "../store/audit.ts";
import { inTransaction } from "../store/client.ts";
import { builder } from "./builder.ts";
import { Delivery } from "./delivery.ts";
import type { ReceiverShape } from "./receiver-directory.ts";
import { requireScope } from "./require-scope.ts";

const ReceiverKind = builder.enumType("ReceiverKind", {
  description: "How a receiver is spoken to.",
  values: {
    ALERTMANAGER: { description: "Prometheus' Alertmanager, API v2." },
    PAGERDUTY: { description: "PagerDuty's Events API v2." },
    SLACK: { description: "An incoming webhook of Slack." },
    WEBHOOK: { description: "Standard Webhooks 1.0, signed." },
    EMAIL: { description: "SMTP." },
  } as const,
});

const ReceiverState = builder.enumType("ReceiverState", {
  description: "How a receiver does.",
  values: {
    OK: { description: "Its far end took what it was sent last." },
    FAILING: { description: "It did not; what can be tried again is." },
    DISABLED: {
      description:
        "Its far end wants nothing more (it answered 410). Nothing is sent until its settings change, or it takes a test.",
    },
  } as const,
});

const Receiver = builder.objectRef<ReceiverShape>("Receiver").implement({
  description: "Where notifications go: a chat, a pager, a webhook. Shown without its secrets.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Unique." }),
    kind: t.field({ type: ReceiverKind, resolve: ({ kind }) => kind }),
    target: t.exposeString("target", { description: "The host, address or channel that it sends to." }),
    state: t.field({
      type: ReceiverState,
      nullable: true,
      description: "Null before the first attempt.",
      resolve: ({ state }) => state,
    }),
    failingSince: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "When the first of the attempts failed that have all failed since; null when the last did not.",
      resolve: ({ failingSince }) => failingSince,
    }),
    lastStatus: t.exposeInt("lastStatus", {
      nullable: true,
      description:
        "HTTP or SMTP status of the last attempt at any delivery; null before the first, and when nobody answered.",
    }),
    lastAnswer: t.exposeString("lastAnswer", {
      nullable: true,
      description: "Beginning of what was answered, or why nothing was; null before the first attempt.",
    }),
    lastDelivery: t.field({
      type: Delivery,
      nullable: true,
      description: "The newest; null before the first one.",
      resolve: ({ lastDelivery }) => lastDelivery,
    }),
  }),
});

builder.queryFields((t) => ({
  receivers: t.field({
    type: [Receiver],
    description: "Where notifications go, in the order of receivers.yml; empty without one.",
    resolve: async (_root, _args, { receivers }) => [...(await receivers.list())],
  }),
}));

builder.mutationFields((t) => ({
  testReceiver: t.field({
    type: Delivery,
    description:
      "Sends a test notification, once, and says what the far end answered. Needs the scope `operate`.",
    args: { name: t.arg.string({ required: true }) },
    resolve: async (_root, { name }, { actor, receivers, db, now }) => {
      requireScope(actor, "operate");
      const delivery = await receivers.test(name);
      const details = { status: delivery.status, answer: delivery.lastAnswer };
      await inTransaction(db, (tx) =>
        recordAudit(tx, actor, { action: "receiver.test", target: name, details }, now()),
      );
      return delivery;
    },
  }),
}));
