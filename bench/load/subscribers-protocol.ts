/** What the subscribers, a process of their own, are told and answer. */
export type SubscribersCommand =
  | {
      readonly do: "start";
      readonly url: string;
      readonly tokens: readonly string[];
      /** Subscribers of each. */
      readonly perToken: number;
      /** What each of them subscribes to. */
      readonly documents: readonly string[];
    }
  | { readonly do: "tell" }
  | { readonly do: "stop" };

export interface Heard {
  readonly messages: number;
  readonly bytes: number;
  /** Subscriptions that ended with an error. */
  readonly lost: number;
  /** After the first client had it, the others had the same message. */
  readonly behindP50Ms: number;
  readonly behindP99Ms: number;
  readonly behindMaxMs: number;
  /** So far. */
  readonly cpuMs: number;
}
