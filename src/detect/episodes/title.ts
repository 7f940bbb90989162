import type { Cause } from "../diagnosis/cause.ts";
import { several } from "../words.ts";
import { ALL_HOSTS } from "./grouping.ts";
import type { Incident } from "./incident.ts";

/** What is the matter, as the beginning of a line. */
const WORDS: Readonly<Record<Cause, string>> = {
  DATA_PROBLEM: "Counters cannot be trusted",
  HOST_SILENT: "Nothing is heard",
  RESTART: "Application restarted",
  SERVICE_DOWN: "Nothing listens any more",
  APPLICATION_STALLED: "Application accepts nothing",
  APPLICATION_SLOW: "Application accepts too slowly",
  ACCEPT_QUEUE_TOO_SMALL: "Accept queue too small",
  SYN_FLOOD: "SYN flood, held by cookies",
  SYN_QUEUE_FULL: "SYN queue full",
  MEMORY_PRESSURE: "TCP short of memory",
  UPSTREAM_REFUSING: "Upstream refuses connections",
  UPSTREAM_UNREACHABLE: "Upstream does not answer",
  INBOUND_SCAN: "Scan from outside",
  CLIENT_ABORTS: "Clients reset connections",
  LOCAL_ABORTS: "Application resets its connections",
  PATH_LOSS: "Packets lost on the way",
  PORT_EXHAUSTION: "Local ports run out",
  CONNECTION_LEAK: "Connections leak",
  OTHER_LISTEN_DROPS: "Handshakes refused, no queue full",
  SLO_BURN: "Too many new connections lost for the objective",
  UNKNOWN: "Unusual, cause unknown",
};

/**
 * An incident in one line: what, on which port, where. Hosts that have recovered count, so that its end is told of all
 * of it, and not of the host that was the last.
 *
 * @param nameOf the name that people know a host by
 */
export function titleOf(
  { cause, scope, port, members, most = 0 }: Pick<Incident, "cause" | "scope" | "port" | "members" | "most">,
  nameOf: (host: string) => string,
): string {
  const on = port === null ? "" : ` on port ${port}`;
  const [first] = members;
  if (scope.kind === "host" && first !== undefined) return `${WORDS[cause]}${on}: ${nameOf(first)}`;
  const of = scope.of === ALL_HOSTS ? "" : ` of ${scope.of}`;
  return `${WORDS[cause]}${on}: ${several(Math.max(most, members.length), "host")}${of}`;
}
