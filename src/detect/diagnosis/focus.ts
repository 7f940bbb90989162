import { type Attribution, attributeDrops } from "../../rates/attribution.ts";
import type { ObservedListener } from "./window.ts";

/** The listener that the drops are put down to. */
export interface Focus {
  readonly listener: ObservedListener;
  /** Null where ListenDrops did not grow, or nothing says that a drop was this one's. */
  readonly attribution: Attribution | null;
}

/** One full sample may be a burst caught by chance. */
const PINNED_SAMPLES = 2;
/** From this share of samples on, a full queue is no peak. */
export const PINNED_SHARE = 0.5;
/**
 * So many samples in a row that all find it full are no chance: a place that an application frees is free until
 * the next client tries, so a queue that one try of three gets into has room at one sample of three, and at none of
 * ten once in 60 times. A row of six was recorded of an application that is slow.
 */
const STUCK_SAMPLES = 10;

/**
 * The listener that most speaks for being the one: by its share of the drops, then by full samples, then by how
 * full its queue was, then by how long. Null when none had a queue or a weight.
 *
 * @param inflators what else raises sk_drops: EmbryonicRsts and TCPDeferAcceptDrop
 */
export function focusOf(
  listeners: readonly ObservedListener[],
  listenDrops: number,
  inflators: number,
): Focus | null {
  const attributions = attributeDrops({ listenDrops, inflators }, listeners);
  let best: Focus | null = null;
  listeners.forEach((listener, index) => {
    if (listener.weight === 0 && listener.peakQueue === 0 && listener.samplesFull === 0) return;
    const candidate = { listener, attribution: attributions[index] ?? null };
    if (best === null || compare(candidate, best) > 0) best = candidate;
  });
  return best;
}

function compare(a: Focus, b: Focus): number {
  return (
    (a.attribution?.share ?? 0) - (b.attribution?.share ?? 0) ||
    a.listener.samplesFull - b.listener.samplesFull ||
    fill(a.listener) - fill(b.listener) ||
    // Of limits that cannot be seen the fill says only that somebody waited.
    a.listener.peakQueue - b.listener.peakQueue
  );
}

function fill({ peakQueue, limit }: ObservedListener): number {
  return peakQueue / (limit ?? peakQueue);
}

/** Whether its queue was full most of the time: the application does not take what comes. */
export function isPinned({ samples, samplesFull }: ObservedListener): boolean {
  return samplesFull >= PINNED_SAMPLES && samplesFull >= PINNED_SHARE * samples;
}

/** Whether its queue filled and never had room again: the application takes nothing, or next to it. */
export function isStuck({ stuckSamples }: ObservedListener): boolean {
  return stuckSamples >= STUCK_SAMPLES;
}

/** `0.0.0.0:8080 (nginx)` */
export function nameOf({ address, port, owner }: ObservedListener): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${host}:${port}${owner === null ? "" : ` (${owner})`}`;
}
