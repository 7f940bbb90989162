import type { Notification, Outcome } from "../../../src/notify/receiver.ts";
import { createReceiver, type ReceiverDeps } from "../../../src/notify/receivers/index.ts";
import { ReceiverSettings } from "../../../src/notify/receivers/settings.ts";
import { safeHttp } from "../../../src/notify/safe-http.ts";
import { notification } from "./notifications.ts";

/** What receivers are given in tests: loopback may be reached. */
export function testDeps(now: () => number = Date.now): ReceiverDeps {
  const http = safeHttp({ allowed: { private: ["127.0.0.1"], http: true } });
  return { http, publicUrl: "https://spillway.example", now };
}

/** Sends by a receiver with these settings, as they stand in receivers.yml. */
export function sendBy(
  settings: object,
  told: Notification = notification(),
  { now, signal = AbortSignal.timeout(20_000) }: { now?: () => number; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const receiver = createReceiver("night", ReceiverSettings.parse(settings), testDeps(now));
  return receiver.send(told, signal);
}
