/** A PagerDuty that holds events to the schema of its Events API v2, and to the limits that Alertmanager knows of. */
import { Ajv } from "ajv";
import { type FarEnd, type FarEndRequest, startFarEnd } from "./far-end.ts";

const text = { type: "string" };
const validate = new Ajv({ allErrors: true }).compile({
  type: "object",
  required: ["routing_key", "event_action"],
  additionalProperties: false,
  properties: {
    routing_key: { type: "string", minLength: 1 },
    event_action: { enum: ["trigger", "acknowledge", "resolve"] },
    dedup_key: { type: "string", minLength: 1, maxLength: 255 },
    client: text,
    client_url: text,
    links: {
      type: "array",
      items: {
        type: "object",
        required: ["href"],
        additionalProperties: false,
        properties: { href: text, text },
      },
    },
    payload: {
      type: "object",
      required: ["summary", "severity", "source"],
      additionalProperties: false,
      properties: {
        // ajv counts code points, as the limit does.
        summary: { type: "string", minLength: 1, maxLength: 1024 },
        severity: { enum: ["critical", "error", "warning", "info"] },
        source: { type: "string", minLength: 1 },
        timestamp: { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" },
        component: text,
        group: text,
        class: text,
        custom_details: { type: "object" },
      },
    },
  },
  anyOf: [
    { properties: { event_action: { const: "trigger" } }, required: ["payload"] },
    { properties: { event_action: { enum: ["acknowledge", "resolve"] } }, required: ["dedup_key"] },
  ],
});

export function startPagerDuty(): Promise<FarEnd> {
  return startFarEnd((request) => {
    const faults = faultsOf(request);
    if (faults.length > 0) {
      const body = JSON.stringify({
        status: "invalid event",
        message: "Event object is invalid",
        errors: faults,
      });
      return { faults, answer: { status: 400, body } };
    }
    const { dedup_key } = request.body as { readonly dedup_key: string };
    const body = JSON.stringify({ status: "success", message: "Event processed", dedup_key });
    return { faults, answer: { status: 202, body } };
  });
}

function faultsOf({ path, text, body }: FarEndRequest): string[] {
  const size = Buffer.byteLength(text);
  return [
    ...(path === "/v2/enqueue" ? [] : [`the path is ${path}`]),
    ...(size <= 512_000 ? [] : [`the event has ${size} bytes`]),
    ...(validate(body)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)),
  ];
}
