import { type Logger, type LoggerOptions, pino, stdSerializers } from "pino";
import pretty from "pino-pretty";

export type { Logger };

/** Characters. */
const UNWRITTEN_MAX = 1_000_000;

/**
 * The service's log on standard error: readable lines on a terminal, JSON otherwise.
 *
 * The pretty form is written by this process and not by a worker thread, so that the last lines before an
 * exit are not lost.
 */
export function createLog(level: string): Logger {
  const redact = ["token", "authorization", "cookie", "password"];
  const options: LoggerOptions = { level, base: null, redact, serializers: { err: errorFields } };
  // What cannot be written, since its disk is full or its terminal is gone, ends nobody, and does not gather.
  const destination = pino.destination({ dest: 2, sync: true, maxLength: UNWRITTEN_MAX });
  destination.on("error", () => undefined);
  if (!process.stderr.isTTY) return pino(options, destination);
  return pino(options, pretty({ destination, colorize: true, translateTime: "SYS:HH:MM:ss" }));
}

/** An error of an idle connection has the whole client at it: two screens, and nothing that helps. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { client: _client, ...fields } = stdSerializers.err(error);
  return fields;
}
