import { SpillwayError } from "../../errors.ts";
import type { Receiver } from "../receiver.ts";
import type { SafeHttp } from "../safe-http.ts";
import type { ReceiverSettings } from "./settings.ts";

export interface ReceiverDeps {
  readonly http: SafeHttp;
  readonly publicUrl: string;
  /** ms since 1970 */
  readonly now: () => number;
}

/** A receiver by its settings. */
export function createReceiver(name: string, settings: ReceiverSettings, _deps: ReceiverDeps): Receiver {
  throw new SpillwayError("CONFIGURATION", `there is no receiver ${name} of the type ${settings.type} yet`);
}
