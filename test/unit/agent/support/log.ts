import type { Log } from "../../../../agent/log.ts";

/** A log that keeps its lines, as `level message`. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const say = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
  };
  return { lines, info: say("info"), warn: say("warn"), error: say("error") };
}
