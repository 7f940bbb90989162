/** What every process of an episode does: reads its options, and ends with the one that started it. */

/** @throws Error when it was not started by an episode */
export function options<T>(): T {
  const text = process.argv[2];
  if (text === undefined || process.send === undefined) throw new Error("only an episode starts this");
  process.once("disconnect", () => process.exit());
  return JSON.parse(text) as T;
}

export function tell(message: object): void {
  process.send?.(message);
}

/** Tells its last word, and ends once that is on its way. */
export function tellAndExit(message: object): void {
  process.send?.(message, () => process.exit());
}

/** Calls it `count` times at an even pace, catching up when it is late, or all at once; resolves after the last. */
export function paced(count: number, perSecond: number | undefined, each: () => void): Promise<void> {
  const started = performance.now();
  let made = 0;
  return new Promise((resolve) => {
    const timer = setInterval(step, 5);
    function step(): void {
      const due = perSecond === undefined ? count : ((performance.now() - started) / 1_000) * perSecond + 1;
      for (; made < Math.min(count, Math.floor(due)); made += 1) each();
      if (made < count) return;
      clearInterval(timer);
      resolve();
    }
    step();
  });
}
