import type { Logger } from "../telemetry/log.ts";

/**
 * Does something again at each SIGHUP, one time after the other. What it throws changes nothing: the log says it.
 *
 * @param refused what is logged then
 * @returns a function after which signals are no longer listened to
 */
export function atHangup(apply: () => Promise<void>, log: Logger, refused: string): () => void {
  let applying: Promise<void> = Promise.resolve();
  const onHangup = () => {
    applying = applying.then(apply).catch((error: unknown) => log.error({ err: error }, refused));
  };
  process.on("SIGHUP", onHangup);
  return () => {
    process.off("SIGHUP", onHangup);
  };
}
