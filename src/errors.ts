/** The faults that the service names to its callers; each has one HTTP status and one GraphQL code. */
export type ErrorCode =
  /** The request is not of the form asked for. */
  | "BAD_REQUEST"
  /** No token, or one that is unknown, revoked or expired. */
  | "UNAUTHENTICATED"
  /** The token lacks the scope that this needs. */
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  /** The thing named is not in the state that this needs, or the name is not unique. */
  | "CONFLICT"
  | "PAYLOAD_TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  /** The caller asks for more than the service gives at once. */
  | "LIMIT_EXCEEDED"
  /** The service holds as much unwritten work as it may; try again after `retryAfterSeconds`. */
  | "OVERLOADED"
  /** The database or the queue does not answer now. */
  | "UNAVAILABLE"
  /** A setting or the environment must be changed by a person. */
  | "CONFIGURATION"
  /** A fault of the service itself. */
  | "INTERNAL";

export interface ErrorDetails {
  /** Seconds after which trying again can help. */
  readonly retryAfterSeconds?: number;
  readonly [key: string]: unknown;
}

/**
 * A fault with a code. Its message names the value at fault and the remedy, and may be shown to the
 * caller; `cause` is for the log alone.
 */
export class SpillwayError extends Error {
  override readonly name = "SpillwayError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Makes a missing case of a switch over a closed union an error of the compiler. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
