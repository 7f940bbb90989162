import type { SpoolFiles } from "../../../../../agent/spool/files.ts";
import { openSpool } from "../../../../../agent/spool/spool.ts";
import { manualTimers } from "../../support/manual-timers.ts";

export const all = () => true;

/** A spool that is small, so that its bounds are met, and whose clock is the test. */
export function open(
  files: SpoolFiles,
  { maxBytes = 64 * 1024, memory = { snapshots: 5, bytes: 1e6 } } = {},
) {
  const troubles: string[] = [];
  const timers = manualTimers();
  const trouble = (subject: string, message: string) => void troubles.push(`${subject}: ${message}`);
  return { spool: openSpool({ files, timers, maxBytes, memory, trouble }), troubles, timers };
}
