/** Subscriptions that outlive their end. */

/** What one subscription tells, as graphql-ws has it. */
export interface Sink<T> {
  readonly next: (result: T) => void;
  readonly error: (fault: unknown) => void;
  readonly complete: () => void;
}

/** @returns what ends it */
export type Subscribe<T> = (sink: Sink<T>) => () => void;

export interface LastingOptions {
  /** How long to wait before the next try, in ms. @param tries those that told nothing, 0 for the first */
  readonly waitMs: (tries: number) => number;
  /** Nothing is tried while this is so. */
  readonly isPaused: () => boolean;
  /** Calls back when `isPaused` may have changed. @returns what ends that */
  readonly onPauseChange: (tell: () => void) => () => void;
}

/**
 * Subscribes again whenever the subscription ends by itself: by an error, by a socket that was closed for good, or because
 * the service is done with it. Without that a page would say that it is live, and hear of nothing any more.
 *
 * @returns what ends it
 */
export function lasting<T>(
  subscribe: Subscribe<T>,
  next: (result: T) => void,
  { waitMs, isPaused, onPauseChange }: LastingOptions,
): () => void {
  let stop: (() => void) | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let tries = 0;
  let done = false;
  const begin = () => {
    timer = null;
    if (done || stop !== null || isPaused()) return;
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      stop = null;
      if (!done) timer ??= setTimeout(begin, waitMs(tries++));
    };
    const end = subscribe({
      next: (result) => {
        tries = 0;
        next(result);
      },
      error: over,
      complete: over,
    });
    if (!isOver) stop = end;
  };
  const unfollow = onPauseChange(() => {
    if (timer === null) begin();
  });
  begin();
  return () => {
    done = true;
    unfollow();
    if (timer !== null) clearTimeout(timer);
    stop?.();
  };
}
