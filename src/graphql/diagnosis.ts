import { counterEntry } from "../catalog/catalog.ts";
import {
  CAUSES,
  type Cause as CauseName,
  type Diagnosis as DiagnosisRecord,
  type Evidence as EvidenceRecord,
} from "../store/incidents/records.ts";
import { listenerKey } from "../store/queries/listeners.ts";
import { builder } from "./builder.ts";
import { Counter } from "./counter.ts";
import { Host } from "./host.ts";
import { Listener } from "./listener.ts";
import { shapeOf } from "./listeners.ts";

export const Severity = builder.enumType("Severity", {
  description: "How bad it is for clients.",
  values: {
    INFO: { description: "Nothing that clients feel." },
    MINOR: { description: "Of new connections 0.1 to 1 % are lost or delayed." },
    MAJOR: { description: "1 to 10 %." },
    CRITICAL: { description: "10 % or more, or 1 % for 5 minutes." },
  } as const,
});

export const Urgency = builder.enumType("Urgency", {
  description: "How loudly people are told. Only what is measured pages; what is merely unusual is evidence.",
  values: {
    NOTE: { description: "It is shown, and nobody need be told." },
    TICKET: { description: "Something to do in the day: a slow burn of the objective, a leak, flapping." },
    PAGE: {
      description:
        "Clients are refused now: a tenth of handshakes lost, nothing listens, the objective burns fast, or nothing is heard of the fleet.",
    },
  } as const,
});

const MEANING: Readonly<Record<CauseName, string>> = {
  DATA_PROBLEM:
    "The measuring is at fault: a clone, a clock, counters that fell. Nothing else is said of the host.",
  HOST_SILENT: "Nothing is heard of the host, or its counters do not move.",
  RESTART: "The application was restarted or deployed, and the connections that waited were reset.",
  SERVICE_DOWN: "Nobody listens on the port any more, and connections are refused.",
  APPLICATION_STALLED: "The application accepts nothing: stopped, deadlocked, or in a long pause.",
  APPLICATION_SLOW:
    "The application accepts more slowly than connections come; a longer queue does not help.",
  ACCEPT_QUEUE_TOO_SMALL: "The application keeps up, but its queue is too short for bursts.",
  SYN_FLOOD: "SYNs from addresses that do not answer; SYN cookies hold them off.",
  SYN_QUEUE_FULL:
    "More handshakes than the SYN queue holds, with SYN cookies off: new connections are dropped.",
  MEMORY_PRESSURE: "The kernel drops for want of memory for TCP.",
  UPSTREAM_REFUSING: "A server that this host calls answers with a reset.",
  UPSTREAM_UNREACHABLE: "A server that this host calls does not answer.",
  INBOUND_SCAN: "Somebody tries ports without finishing handshakes.",
  CLIENT_ABORTS: "Clients give connections up.",
  LOCAL_ABORTS: "The application resets connections itself.",
  PATH_LOSS: "The network loses packets.",
  PORT_EXHAUSTION: "No local port is left for outgoing connections.",
  CONNECTION_LEAK: "Connections are opened and not closed.",
  OTHER_LISTEN_DROPS: "Handshakes are dropped for none of these reasons.",
  SLO_BURN:
    "More handshakes are lost than the objective of 30 days allows; of each host little, or for long.",
  UNKNOWN: "No cause fits.",
};

export const Cause = builder.enumType("Cause", {
  description: "What can be the matter.",
  values: Object.fromEntries(CAUSES.map((cause) => [cause, { description: MEANING[cause] }])) as Record<
    CauseName,
    { description: string }
  >,
});

const Evidence = builder.objectRef<EvidenceRecord>("Evidence").implement({
  description: "A fact that speaks for a diagnosis.",
  fields: (t) => ({
    statement: t.exposeString("statement", { description: "A sentence with the numbers in it." }),
    counter: t.field({
      type: Counter,
      nullable: true,
      description: "What it was read from; null where it is not about one counter.",
      resolve: ({ counter }) => (counter === null ? null : counterEntry(counter)),
    }),
    listener: t.field({
      type: Listener,
      nullable: true,
      description:
        "The socket that it is about, as it was listed last; null where it is not about one, or it has been closed since.",
      resolve: async ({ listener }, _args, context) => {
        if (listener === null) return null;
        const key = listenerKey(listener);
        const open = await context.listeners.load(listener.namespaceId);
        const found = open.find((one) => listenerKey(one) === key);
        return found === undefined ? null : shapeOf(context, found);
      },
    }),
    value: t.exposeFloat("value", {
      nullable: true,
      description: "The number that the statement turns on; null where there is none.",
    }),
  }),
});

export const Diagnosis = builder.objectRef<DiagnosisRecord>("Diagnosis").implement({
  description: "The cause that fits best, what speaks for it, and what to do.",
  fields: (t) => ({
    cause: t.field({ type: Cause, resolve: ({ cause }) => cause }),
    contributing: t.field({
      type: [Cause],
      description: "Causes that fit as well, and explain less.",
      resolve: ({ contributing }) => [...contributing],
    }),
    severity: t.field({ type: Severity, resolve: ({ severity }) => severity }),
    confidence: t.exposeFloat("confidence", { description: "0 to 1." }),
    summary: t.exposeString("summary", { description: "What is going on, in words and numbers." }),
    evidence: t.field({ type: [Evidence], resolve: ({ evidence }) => [...evidence] }),
    remedies: t.exposeStringList("remedies", { description: "What to do, the most promising first." }),
  }),
});

builder.objectField(Host, "diagnosis", (t) =>
  t.field({
    type: Diagnosis,
    nullable: true,
    description:
      "What is going on here, in words: of the worst incident that is not resolved and that this host is part of. Null when there is none.",
    resolve: async ({ id }, _args, { incidents }) => {
      const worst = await incidents.worstOfHost.load(id);
      return worst === null ? null : ((await incidents.byId.load(worst))?.diagnosis ?? null);
    },
  }),
);
