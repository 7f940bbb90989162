/** How Node names a certificate for which none of the CAs vouches that it knows. */
const UNKNOWN_CA: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Node has its own list of CAs, and does not look at the one of the system, where a company puts its CA. */
const CA_REMEDY = "start the agent with NODE_EXTRA_CA_CERTS=<file of your CA>";

/** Why a connection failed, in a few words for the log; with the remedy where it is not to be guessed. */
export function describeConnectionFault({ message, code }: NodeJS.ErrnoException): string {
  const reason = message || (code ?? "connection failed");
  return code !== undefined && UNKNOWN_CA.has(code) ? `${reason}: ${CA_REMEDY}` : reason;
}
