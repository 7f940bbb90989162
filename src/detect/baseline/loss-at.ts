import { type LossShare, lossShare, lostHandshakes } from "../../rates/loss.ts";
import type { ShardMinute } from "../columns.ts";

/** The share of handshakes that the namespace at a position lost in a minute; null when none was attempted. */
export function lossAt({ increases }: ShardMinute, position: number): LossShare | null {
  const count = (name: string) => {
    const value = increases.get(name)?.[position] ?? 0;
    return Number.isNaN(value) ? 0 : value;
  };
  const lost = lostHandshakes({
    listenOverflows: count("TcpExtListenOverflows"),
    reqQFullDrop: count("TcpExtTCPReqQFullDrop"),
    cookiesSent: count("TcpExtSyncookiesSent"),
    cookiesReceived: count("TcpExtSyncookiesRecv"),
    cookiesFailed: count("TcpExtSyncookiesFailed"),
  });
  return lossShare(count("TcpPassiveOpens"), lost);
}
