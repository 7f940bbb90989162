import { type LossShare, type LostHandshakes, lossShare, lostHandshakes } from "../../rates/loss.ts";
import type { ShardMinute } from "../columns.ts";
import type { Handshakes } from "../detectors/burn-ring.ts";

/** The share of handshakes that the namespace at a position lost in a minute; null when none was attempted. */
export function lossAt({ increases }: ShardMinute, position: number): LossShare | null {
  return lossBy((name) => {
    const value = increases.get(name)?.[position] ?? 0;
    return Number.isNaN(value) ? 0 : value;
  });
}

/** The handshakes at a position that went well in a minute, and those that were lost or delayed. */
export function handshakesAt({ increases }: ShardMinute, position: number): Handshakes {
  const count = (name: string) => increases.get(name)?.[position] || 0;
  return { good: count("TcpPassiveOpens"), bad: lostBy(count).lost };
}

/** The share of handshakes that a namespace lost; null when none was attempted. @param count increases by full name */
export function lossBy(count: (name: string) => number): LossShare | null {
  return lossShare(count("TcpPassiveOpens"), lostBy(count));
}

function lostBy(count: (name: string) => number): LostHandshakes {
  return lostHandshakes({
    listenOverflows: count("TcpExtListenOverflows"),
    reqQFullDrop: count("TcpExtTCPReqQFullDrop"),
    cookiesSent: count("TcpExtSyncookiesSent"),
    cookiesReceived: count("TcpExtSyncookiesRecv"),
    cookiesFailed: count("TcpExtSyncookiesFailed"),
  });
}
