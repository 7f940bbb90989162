import type { ShardMinute } from "../columns.ts";
import { judgeSynFlood } from "../detectors/syn-flood.ts";
import type { PositionFlag } from "./shard-baselines.ts";

/** Where neither moved there is no flood: nothing else is looked through. */
const QUEUE_FULL = ["TcpExtTCPReqQFullDoCookies", "TcpExtTCPReqQFullDrop"] as const;

/**
 * The SYN floods of a minute, which may not be over. It needs nothing learned: a flood of the first minute is named.
 *
 * @param to up to when, ms since 1970
 */
export function judgeFloods(minute: ShardMinute, to: number): PositionFlag[] {
  const columns = QUEUE_FULL.flatMap((name) => minute.increases.get(name) ?? []);
  if (columns.length === 0) return [];
  const flags: PositionFlag[] = [];
  for (const [position, ratedMs] of minute.ratedMs.entries()) {
    if (!columns.some((column) => (column[position] as number) > 0)) continue;
    const count = (name: string) => minute.increases.get(name)?.[position] || 0;
    const flag = judgeSynFlood({
      from: minute.at,
      to,
      ratedMs,
      queueFullCookies: count("TcpExtTCPReqQFullDoCookies"),
      queueFullDrops: count("TcpExtTCPReqQFullDrop"),
      cookiesSent: count("TcpExtSyncookiesSent"),
      cookiesReceived: count("TcpExtSyncookiesRecv"),
      passiveOpens: count("TcpPassiveOpens"),
      listenDrops: count("TcpExtListenDrops"),
      synRetransmits: count("TcpExtTCPSynRetrans"),
    });
    if (flag !== null) flags.push({ position, flag });
  }
  return flags;
}
