import type { Notification, Outcome } from "../../../src/notify/receiver.ts";
import { createReceiver, type ReceiverDeps } from "../../../src/notify/receivers/index.ts";
import { ReceiverSettings } from "../../../src/notify/receivers/settings.ts";
import { safeHttp, TIMEOUT_MS } from "../../../src/notify/safe-http.ts";
import { notification } from "./notifications.ts";

/** What receivers are given in tests: loopback may be reached. */
export function testDeps(now: () => number = Date.now, timeoutMs = TIMEOUT_MS): ReceiverDeps {
  const http = safeHttp({ allowed: { private: ["127.0.0.1"], http: true }, timeoutMs });
  return { http, timeoutMs, publicUrl: "https://spillway.example", now };
}

/** Sends by a receiver with these settings, as they stand in receivers.yml. */
export function sendBy(
  settings: object,
  told: Notification = notification(),
  {
    now,
    timeoutMs,
    signal = AbortSignal.timeout(20_000),
  }: { now?: () => number; timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const receiver = createReceiver("night", ReceiverSettings.parse(settings), testDeps(now, timeoutMs));
  return receiver.send(told, signal);
}
