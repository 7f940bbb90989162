import { POSITIONS } from "../../rates/shard-sums.ts";
import type { ShardMinute } from "../columns.ts";
import { judgeSynFlood } from "../detectors/syn-flood.ts";
import type { PositionFlag } from "./shard-baselines.ts";

/** One of these moves in every flood. */
const SIGNS = ["TcpExtTCPReqQFullDoCookies", "TcpExtTCPReqQFullDrop"];

/**
 * The SYN floods of a minute. They need no baseline: a host that is new can be flooded like every other.
 *
 * @param to up to when, ms since 1970: the end of the minute, or what is in of it
 */
export function floodsOf(minute: ShardMinute, to: number): PositionFlag[] {
  const { increases } = minute;
  // Nobody's SYN queue was full: there is no column, and nothing to look through.
  if (!SIGNS.some((name) => increases.has(name))) return [];
  const flags: PositionFlag[] = [];
  for (let position = 0; position < POSITIONS; position++) {
    // A counter that did not move has no column, and one that the kernel lacks is not a number.
    const of = (name: string) => increases.get(name)?.[position] || 0;
    if (SIGNS.every((name) => of(name) === 0)) continue;
    // What a boot brings along was counted over another time than the minute's.
    if (minute.disturbed?.[position] === 1) continue;
    const flag = judgeSynFlood({
      from: minute.at,
      to,
      ratedMs: minute.ratedMs[position] as number,
      queueFullCookies: of("TcpExtTCPReqQFullDoCookies"),
      queueFullDrops: of("TcpExtTCPReqQFullDrop"),
      cookiesSent: of("TcpExtSyncookiesSent"),
      cookiesReceived: of("TcpExtSyncookiesRecv"),
      passiveOpens: of("TcpPassiveOpens"),
      listenDrops: of("TcpExtListenDrops"),
      synRetransmits: of("TcpExtTCPSynRetrans"),
    });
    if (flag !== null) flags.push({ position, flag });
  }
  return flags;
}
