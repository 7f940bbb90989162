import type { Layout } from "../../../src/rates/snapshot.ts";

/** What the simulated kernels count: all that detection looks at. */
export const COUNTERS = [
  "TcpPassiveOpens",
  "TcpActiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpInSegs",
  "TcpOutSegs",
  "TcpRetransSegs",
  "TcpOutRsts",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPReqQFullDrop",
  "TcpExtEmbryonicRsts",
  "TcpExtTCPDeferAcceptDrop",
  "TcpExtTCPSynRetrans",
  "TcpExtTCPTimeouts",
  "TcpExtTCPLostRetransmit",
  "TcpExtTCPAbortOnClose",
  "TcpExtTCPAbortOnData",
  "TcpExtTCPAbortOnTimeout",
  "TcpExtTCPAbortOnMemory",
  "TcpExtTCPAbortFailed",
  "TcpExtTCPMemoryPressures",
  "TcpExtPruneCalled",
  "TcpExtRcvPruned",
  "TcpExtTCPRcvQDrop",
  "TcpExtTCPBacklogDrop",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtTCPFastOpenListenOverflow",
] as const;
export const GAUGES = ["TcpCurrEstab", "SockstatTCPTw", "SockstatTCPMem"] as const;

export type Counter = (typeof COUNTERS)[number];
export type Gauge = (typeof GAUGES)[number];

const NAMES: readonly string[] = [...COUNTERS, ...GAUGES];

/** Where each lies in the values of a snapshot. */
export const PLACE = Object.fromEntries(NAMES.map((name, place) => [name, place])) as Readonly<
  Record<Counter | Gauge, number>
>;

export const WIDTH = NAMES.length;

/** The layout of every simulated snapshot: counter ids are places plus 1. */
export const LAYOUT: Layout = {
  id: 1,
  counterIds: Int32Array.from(NAMES, (_, place) => place + 1),
  gauges: Uint8Array.from(NAMES, (_, place) => (place < COUNTERS.length ? 0 : 1)),
};

export function counterName(counterId: number): string {
  return NAMES[counterId - 1] ?? "";
}

export const DROPS_ID = PLACE.TcpExtListenDrops + 1;
