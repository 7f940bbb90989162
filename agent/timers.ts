/** Timers as the loops need them, so that tests can be the clock. */
export interface Timers {
  /** Runs once after `ms`; the function returned prevents it. */
  after(ms: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
