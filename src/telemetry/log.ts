import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

export type { Logger };

/**
 * The service's log on standard error: readable lines on a terminal, JSON otherwise.
 *
 * The pretty form is written by this process and not by a worker thread, so that the last lines before an
 * exit are not lost.
 */
export function createLog(level: string): Logger {
  const options = { level, base: null, redact: ["token", "authorization", "cookie", "password"] };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, pretty({ destination: 2, sync: true, colorize: true, translateTime: "SYS:HH:MM:ss" }));
}
