import type { ConfiguredReceiver, ReceiversConfig } from "./config/receivers-file.ts";
import type { Receiver } from "./receiver.ts";
import { createReceiver } from "./receivers/index.ts";
import type { Route } from "./route.ts";
import { safeHttp } from "./safe-http.ts";
import { TRAITS, type Traits } from "./traits.ts";

/** A receiver that notifications may be sent to. */
export interface ActiveReceiver {
  readonly receiver: Receiver;
  readonly traits: Traits;
  readonly fingerprint: string;
}

/** Where notifications go, as the file in force says it. */
export interface Notifying {
  readonly route: Route;
  /** By name, in the order of the file. */
  readonly receivers: ReadonlyMap<string, ActiveReceiver>;
}

export interface NotifyingDeps {
  /** For links. */
  readonly publicUrl: string;
  /** ms since 1970 */
  readonly now: () => number;
  /** Makes a receiver of its settings; by default those of receivers/. */
  readonly create?: (configured: ConfiguredReceiver) => Receiver;
}

/** What a configuration asks for, ready to send. */
export function notifyingBy(
  { route, receivers }: ReceiversConfig,
  { publicUrl, now, create }: NotifyingDeps,
): Notifying {
  const withSafeHttp = ({ name, settings, allowed, timeoutMs }: ConfiguredReceiver) =>
    createReceiver(name, settings, { http: safeHttp({ allowed, timeoutMs }), timeoutMs, publicUrl, now });
  const make = create ?? withSafeHttp;
  return {
    route,
    receivers: new Map(
      receivers.map((configured) => {
        const receiver = make(configured);
        const { fingerprint } = configured;
        return [configured.name, { receiver, traits: TRAITS[receiver.kind], fingerprint }];
      }),
    ),
  };
}
