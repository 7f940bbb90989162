import type { ServerResponse } from "node:http";
import type { SpillwayError } from "../errors.ts";

/** Sets what a fault says in headers: how to be known, which method there is, when to come again. */
export function setFaultHeaders(response: ServerResponse, { code, details }: SpillwayError): void {
  if (code === "UNAUTHENTICATED") response.setHeader("WWW-Authenticate", "Bearer");
  if (code === "METHOD_NOT_ALLOWED") response.setHeader("Allow", "POST");
  const { retryAfterSeconds } = details;
  if (retryAfterSeconds !== undefined) response.setHeader("Retry-After", retryAfterSeconds);
}
