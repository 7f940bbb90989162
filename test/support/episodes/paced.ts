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
