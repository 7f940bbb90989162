/** An Alertmanager that stands in for the real one: the rules of its API v2 for alerts that are posted. */
import { z } from "zod";
import { type HeldFarEnd, holdTo, schemaFaults } from "./contract.ts";

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const text = z.string().refine((value) => !/\p{Cs}/u.test(value), "a value that UTF-8 does not have");

const alert = z
  .strictObject({
    // Empty ones are dropped there, and with them what tells alerts apart.
    labels: z.record(z.string().regex(NAME), text.min(1)),
    annotations: z.record(z.string().regex(NAME), text),
    startsAt: z.iso.datetime(),
    endsAt: z.iso.datetime(),
    generatorURL: z.url(),
  })
  .refine(({ labels }) => labels.alertname !== undefined, "no alertname")
  .refine(({ startsAt, endsAt }) => Date.parse(startsAt) <= Date.parse(endsAt), "it ends before it starts");

export type PostedAlert = z.infer<typeof alert>;

export interface StandIn extends HeldFarEnd {
  /** Alerts by their labels, as they were posted last. */
  readonly alerts: ReadonlyMap<string, PostedAlert>;
  /** Refuses alerts for a reason of its own, as an older or a stricter one may. */
  refuse(isRefused: (alert: PostedAlert) => boolean): void;
}

export async function startStandIn(): Promise<StandIn> {
  const alerts = new Map<string, PostedAlert>();
  let isRefused: (alert: PostedAlert) => boolean = () => false;
  const farEnd = await holdTo(({ path, json }) => {
    if (path !== "/api/v2/alerts") return { faults: [`the path is ${path}`], answer: { status: 404 } };
    const faults = schemaFaults(z.array(alert).min(1), json);
    const posted = Array.isArray(json) ? (json as PostedAlert[]) : [];
    const good = posted.filter((one) => alert.safeParse(one).success && !isRefused(one));
    // The valid ones are kept, whatever is answered.
    for (const one of good) alerts.set(identity(one), one);
    const isAll = faults.length === 0 && good.length === posted.length;
    return {
      faults,
      answer: isAll ? { status: 200 } : { status: 400, body: '"some alerts are not valid"' },
    };
  });
  return {
    ...farEnd,
    alerts,
    refuse: (rule) => {
      isRefused = rule;
    },
  };
}

export function identity({ labels }: PostedAlert): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
