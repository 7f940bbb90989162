/** What every process of a drill does: reads its options, and ends with the one that started it. */

/**
 * @param onOrphaned called when the one that started it is gone
 * @throws Error when it was not started by another, with a channel
 */
export function options<T>(onOrphaned: () => void = () => process.exit()): T {
  const text = process.argv[2];
  if (text === undefined || process.send === undefined) {
    throw new Error("this is started by another process, and does nothing by itself");
  }
  process.once("disconnect", onOrphaned);
  return JSON.parse(text) as T;
}

export function tell(message: object): void {
  process.send?.(message);
}

/** Tells its last word, and ends once that is on its way. */
export function tellAndExit(message: object): void {
  process.send?.(message, () => process.exit());
}
