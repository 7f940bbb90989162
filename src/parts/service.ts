import type { Lifecycle } from "../app.ts";
import type { Config } from "../config.ts";
import type { Demo } from "../demo/demo.ts";
import { readTls, type TlsIdentity } from "../http/tls.ts";
import type { Logger } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { OwnListener } from "../telemetry/own-listener.ts";
import { Addresses } from "./addresses.ts";

/** What a process of the service does: everything, what is behind HTTP, or the jobs. */
export type Role = "all" | "serve" | "work";

/** What every part of the service is given: how it is set, and what the parts share. */
export interface Service {
  readonly role: Role;
  readonly config: Config;
  /** The simulated fleet; null for a real one. */
  readonly demo: Demo | null;
  readonly life: Lifecycle;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Null where plain HTTP is spoken, or none. */
  readonly tls: TlsIdentity | null;
  readonly addresses: Addresses;
  /** The port that is listened on, once it is. */
  readonly listener: OwnListener;
  /** In ms. */
  readonly startedAt: number;
  /** What the person who starts it is to know; parts add to it. */
  readonly notes: string[];
}

/** @throws CONFIGURATION for a certificate that cannot be read */
export async function prepareService(
  given: Pick<Service, "role" | "config" | "demo" | "life" | "log">,
): Promise<Service> {
  const { config, role } = given;
  const tls = config.tls === null || role === "work" ? null : await readTls(config.tls);
  const now = Date.now;
  const addresses = new Addresses(config, tls);
  const listener = new OwnListener();
  return { ...given, metrics: new Metrics(), now, tls, addresses, listener, startedAt: now(), notes: [] };
}
