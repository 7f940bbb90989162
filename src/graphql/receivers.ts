import { SpillwayError } from "../errors.ts";
import type { DeliveryRecord } from "../store/incidents/deliveries.ts";
import { builder } from "./builder.ts";
import { Delivery } from "./delivery.ts";
import { requireScope } from "./require-scope.ts";

type KindName = "ALERTMANAGER" | "PAGERDUTY" | "SLACK" | "WEBHOOK" | "EMAIL";

interface ReceiverShape {
  readonly name: string;
  readonly kind: KindName;
  readonly target: string;
  readonly lastDelivery: DeliveryRecord | null;
}

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

const Receiver = builder.objectRef<ReceiverShape>("Receiver").implement({
  description: "Where notifications go: a chat, a pager, a webhook. Shown without its secrets.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Unique." }),
    kind: t.field({ type: ReceiverKind, resolve: ({ kind }) => kind }),
    target: t.exposeString("target", { description: "The host, address or channel that it sends to." }),
    lastDelivery: t.field({
      type: Delivery,
      nullable: true,
      description: "Null before the first one.",
      resolve: ({ lastDelivery }) => lastDelivery,
    }),
  }),
});

builder.queryFields((t) => ({
  receivers: t.field({
    type: [Receiver],
    description: "Where notifications go. Empty in this version, which sends none.",
    resolve: () => [],
  }),
}));

builder.mutationFields((t) => ({
  testReceiver: t.field({
    type: Delivery,
    description: "Sends a test notification and says what the far end answered. Needs the scope `operate`.",
    args: { name: t.arg.string({ required: true }) },
    resolve: (_root, { name }, { actor }): DeliveryRecord => {
      requireScope(actor, "operate");
      throw new SpillwayError(
        "NOT_FOUND",
        `there is no receiver "${name.slice(0, 60)}": none is configured, \`receivers\` lists those there are`,
      );
    },
  }),
}));
