import type { Receiver } from "../receiver.ts";
import { alertmanager } from "./alertmanager.ts";
import type { ReceiverDeps } from "./deps.ts";
import { email } from "./email.ts";
import { pagerduty } from "./pagerduty.ts";
import type { ReceiverSettings } from "./settings.ts";
import { slack } from "./slack.ts";
import { webhook } from "./webhook.ts";

export type { ReceiverDeps };

/** A receiver by its settings. What it needs of a far end is looked up when it sends, and never before. */
export function createReceiver(name: string, settings: ReceiverSettings, deps: ReceiverDeps): Receiver {
  switch (settings.type) {
    case "alertmanager":
      return alertmanager(name, settings, deps);
    case "pagerduty":
      return pagerduty(name, settings, deps);
    case "slack":
      return slack(name, settings, deps);
    case "webhook":
      return webhook(name, settings, deps);
    case "email":
      return email(name, settings, deps);
  }
}
