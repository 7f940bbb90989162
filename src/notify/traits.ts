import type { ReceiverKind } from "./receiver.ts";

/** What a kind of far end wants to hear, and how often. */
export interface Traits {
  /** It forgets what it is not told again: what goes on is told so often, in ms. Null for one that remembers. */
  readonly resendMs: number | null;
  /** For so long, in ms, the end is told again, for a far end that was away when it was told first. */
  readonly resendAfterResolveMs: number;
  /** Whether it is told that a person has acknowledged. */
  readonly acknowledgements: boolean;
  /**
   * Whether it is told of each incident that is over while others of its group go on. People are told of those with
   * whatever they are told next, at the latest that all is over.
   */
  readonly eachResolve: boolean;
  /** Whether it wakes people, who hear of too much together. Programs are told of all that there is. */
  readonly wakesPeople: boolean;
}

const MINUTE_MS = 60_000;
const REMEMBERS = { resendMs: null, resendAfterResolveMs: 0 };

export const TRAITS: Readonly<Record<ReceiverKind, Traits>> = {
  // Alertmanager resolves by itself what it has not heard of for its resolve_timeout (5 minutes), and keeps nothing.
  ALERTMANAGER: {
    resendMs: MINUTE_MS,
    resendAfterResolveMs: 5 * MINUTE_MS,
    acknowledgements: false,
    eachResolve: true,
    wakesPeople: false,
  },
  PAGERDUTY: { ...REMEMBERS, acknowledgements: true, eachResolve: false, wakesPeople: true },
  SLACK: { ...REMEMBERS, acknowledgements: true, eachResolve: false, wakesPeople: true },
  WEBHOOK: { ...REMEMBERS, acknowledgements: true, eachResolve: true, wakesPeople: false },
  EMAIL: { ...REMEMBERS, acknowledgements: false, eachResolve: false, wakesPeople: true },
};
