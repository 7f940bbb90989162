const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * How long to wait after the given number of failures in a row, in ms: a random part of a ceiling that
 * doubles from 1 s to 60 s ("full jitter"), so that a fleet that failed together does not return together.
 *
 * @param failures 1 after the first failure.
 * @param random uniform in [0, 1).
 */
export function backoffMs(failures: number, random: () => number): number {
  return Math.round(random() * backoffCeilingMs(failures));
}

/** The longest wait after so many failures, in ms. */
export function backoffCeilingMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(16, Math.max(0, failures - 1)));
}
