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
  /** It is understood, and not done here. */
  | "NOT_SUPPORTED"
  /** The service holds as much unwritten work as it may; try again after `retryAfterSeconds`. */
  | "OVERLOADED"
  /** The caller comes more often than it may; try again after `retryAfterSeconds`. */
  | "RATE_LIMITED"
  /** The database or the queue does not answer now. */
  | "UNAVAILABLE"
  /** What was asked for is stored, and damaged: a person must restore it or give it up. */
  | "UNREADABLE"
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

const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  LIMIT_EXCEEDED: 422,
  NOT_SUPPORTED: 422,
  OVERLOADED: 429,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  UNREADABLE: 500,
  CONFIGURATION: 500,
  INTERNAL: 500,
};

/** A fault as an HTTP answer: `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
}

export function problemOf(error: SpillwayError): Problem {
  return {
    type: "about:blank",
    title: error.code.toLowerCase().replaceAll("_", " "),
    status: HTTP_STATUS[error.code],
    code: error.code,
    detail: error.message,
  };
}

/** Anything thrown as a coded error: what is not one is a fault of ours, whose text is for the log alone. */
export function asSpillwayError(error: unknown): SpillwayError {
  if (error instanceof SpillwayError) return error;
  return new SpillwayError("INTERNAL", "the service failed on this request; its log says why", {
    cause: error,
  });
}

/** Makes a missing case of a switch over a closed union an error of the compiler. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
