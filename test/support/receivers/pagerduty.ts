/** A PagerDuty that holds events to the schema of its Events API v2, and to the limits that Alertmanager knows of. */
import { z } from "zod";
import { type HeldFarEnd, holdTo, type Request, schemaFaults } from "./contract.ts";

const named = { routing_key: z.string().min(1), dedup_key: z.string().min(1).max(255) };
const event = z.discriminatedUnion("event_action", [
  z.strictObject({ ...named, event_action: z.enum(["acknowledge", "resolve"]) }),
  z.strictObject({
    ...named,
    event_action: z.literal("trigger"),
    client: z.string().optional(),
    client_url: z.url().optional(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional(),
    payload: z.strictObject({
      summary: z
        .string()
        .min(1)
        .refine((text) => [...text].length <= 1_024, "over 1024 runes"),
      severity: z.enum(["critical", "error", "warning", "info"]),
      source: z.string().min(1),
      timestamp: z.iso.datetime().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
]);

export function startPagerDuty(): Promise<HeldFarEnd> {
  return holdTo((request) => {
    const faults = faultsOf(request);
    if (faults.length > 0) {
      const said = { status: "invalid event", message: "Event object is invalid", errors: faults };
      return { faults, answer: { status: 400, body: JSON.stringify(said) } };
    }
    const { dedup_key } = request.json as { readonly dedup_key: string };
    const said = { status: "success", message: "Event processed", dedup_key };
    return { faults, answer: { status: 202, body: JSON.stringify(said) } };
  });
}

function faultsOf({ path, body, json }: Request): string[] {
  const size = Buffer.byteLength(body);
  return [
    ...(path === "/v2/enqueue" ? [] : [`the path is ${path}`]),
    ...(size <= 512_000 ? [] : [`the event has ${size} bytes`]),
    ...schemaFaults(event, json),
  ];
}
