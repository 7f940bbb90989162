/**
 * Writes to the standard output, and waits until it is out: a pipe takes 64 KiB at a time, and a process that
 * exits before the rest of it is read cuts the text short. A reader that has gone is no error.
 */
export function say(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}
