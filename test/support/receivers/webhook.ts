/** A consumer of webhooks that verifies them with the library of Standard Webhooks. */
import { Webhook } from "standardwebhooks";
import { type FarEnd, type FarEndRequest, startFarEnd } from "./far-end.ts";

/** @param secrets that it holds: each by itself must verify every request */
export function startWebhook(...secrets: string[]): Promise<FarEnd> {
  return startFarEnd((request) => {
    const faults = faultsOf(request, secrets);
    return { faults, answer: { status: faults.length === 0 ? 204 : 400 } };
  });
}

function faultsOf({ headers, text, body }: FarEndRequest, secrets: readonly string[]): string[] {
  const { type, timestamp, data, ...others } = body as Record<string, unknown>;
  const size = Buffer.byteLength(text);
  return [
    ...secrets.flatMap((secret) => verified(secret, text, headers)),
    ...(/^(incident\.(opened|changed|acknowledged|resolved|reminder)|receiver\.test)$/.test(String(type))
      ? []
      : [`the type is ${type}`]),
    ...(new Date(String(timestamp)).toISOString() === timestamp ? [] : [`the timestamp is ${timestamp}`]),
    ...(typeof data === "object" && data !== null ? [] : ["no data"]),
    ...Object.keys(others).map((name) => `unknown ${name}`),
    ...(size < 20_000 ? [] : [`the payload has ${size} bytes`]),
  ];
}

function verified(secret: string, text: string, headers: Readonly<Record<string, string>>): string[] {
  try {
    new Webhook(secret).verify(text, headers);
    return [];
  } catch (error) {
    return [String(error)];
  }
}
