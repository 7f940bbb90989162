/** What this folder needs of a log; a pino logger is one. */
export interface Log {
  info(message: string): void;
  info(facts: object, message?: string): void;
  warn(message: string): void;
  warn(facts: object, message?: string): void;
}
