import type { DeliveryRecord } from "../store/incidents/deliveries.ts";

/** A receiver as people see it, without its secrets. */
export interface ReceiverShape {
  readonly name: string;
  readonly kind: "ALERTMANAGER" | "PAGERDUTY" | "SLACK" | "WEBHOOK" | "EMAIL";
  readonly target: string;
  readonly state: "OK" | "FAILING" | "DISABLED" | null;
  readonly failingSince: number | null;
  readonly lastStatus: number | null;
  readonly lastAnswer: string | null;
  readonly lastDelivery: DeliveryRecord | null;
}

/** The receivers that there are; the composition root knows them. */
export interface ReceiverDirectory {
  list(): Promise<readonly ReceiverShape[]>;
  /** Sends a test. @throws NOT_FOUND for a receiver that there is not */
  test(name: string): Promise<DeliveryRecord>;
}
