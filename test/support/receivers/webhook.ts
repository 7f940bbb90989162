/** A consumer of webhooks that verifies them with the library of Standard Webhooks. */
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { type HeldFarEnd, holdTo, type Request, schemaFaults } from "./contract.ts";

const payload = z.strictObject({
  type: z.enum([
    "incident.opened",
    "incident.changed",
    "incident.acknowledged",
    "incident.resolved",
    "incident.reminder",
    "receiver.test",
  ]),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});

/** @param secrets that it holds: each by itself must verify every request */
export function startWebhook(...secrets: string[]): Promise<HeldFarEnd> {
  return holdTo((request) => {
    const faults = faultsOf(request, secrets);
    return { faults, answer: { status: faults.length === 0 ? 204 : 400 } };
  });
}

function faultsOf(request: Request, secrets: readonly string[]): string[] {
  const size = Buffer.byteLength(request.body);
  return [
    ...secrets.flatMap((secret) => signatureFaults(secret, request)),
    ...schemaFaults(payload, request.json),
    ...(size < 20_000 ? [] : [`the payload has ${size} bytes`]),
  ];
}

function signatureFaults(secret: string, { body, headers }: Request): string[] {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  try {
    new Webhook(secret).verify(body, Object.fromEntries(texts));
    return [];
  } catch (error) {
    return [String(error)];
  }
}
