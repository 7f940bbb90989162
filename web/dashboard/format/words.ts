/** The API's upper-case words as people read them. */
import type { Cause } from "../generated/documents.ts";

const CAUSES: Readonly<Record<Cause, string>> = {
  ACCEPT_QUEUE_TOO_SMALL: "Accept queue too small",
  APPLICATION_SLOW: "Application accepts too slowly",
  APPLICATION_STALLED: "Application stalled",
  CLIENT_ABORTS: "Clients give up",
  CONNECTION_LEAK: "Connections leak",
  DATA_PROBLEM: "Measuring at fault",
  HOST_SILENT: "Host silent",
  INBOUND_SCAN: "Port scan",
  LOCAL_ABORTS: "Application resets connections",
  MEMORY_PRESSURE: "TCP memory exhausted",
  OTHER_LISTEN_DROPS: "Other listen drops",
  PATH_LOSS: "Packets lost on the network",
  PORT_EXHAUSTION: "Out of local ports",
  RESTART: "Restart or deploy",
  SERVICE_DOWN: "Service down",
  SLO_BURN: "Error budget burns",
  SYN_FLOOD: "SYN flood",
  SYN_QUEUE_FULL: "SYN queue full",
  UNKNOWN: "Cause unknown",
  UPSTREAM_REFUSING: "Upstream refuses",
  UPSTREAM_UNREACHABLE: "Upstream unreachable",
};

export function causeWords(cause: Cause): string {
  return CAUSES[cause] ?? sentence(cause);
}

/** CAUSE_CHANGED as "Cause changed": for words that need no better one. */
export function sentence(word: string): string {
  const text = word.replaceAll("_", " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** TcpExtListenOverflows as ListenOverflows: where the group is known or does not matter. */
export function shortCounter(name: string): string {
  return name.replace(/^(Tcp|Ip|Udp|Icmp|MPTcp)(Ext)?(?=[A-Z])/, "");
}
