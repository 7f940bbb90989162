import type { Path } from "./episode.ts";
import { readSegment } from "./packets.ts";

/**
 * Says of each packet whether the path loses it. Of those that it may lose it takes an exact share, evenly spread
 * and not by chance, so that every run of an episode loses the same; each way its own, for else it would be all
 * SYNs and no SYN-ACK.
 */
export function createLoss(loses: Path["loses"]): (packet: Buffer, fromPeer: boolean) => boolean {
  if (loses === undefined) return () => false;
  const { what, share } = loses;
  const mayLose = (packet: Buffer, fromPeer: boolean) => {
    if (what === "packets") return true;
    const segment = readSegment(packet);
    return what === "syns" ? segment?.syn === true : fromPeer && segment?.pureAck === true;
  };
  const owed = { fromHost: 0, fromPeer: 0 };
  return (packet, fromPeer) => {
    if (!mayLose(packet, fromPeer)) return false;
    const way = fromPeer ? "fromPeer" : "fromHost";
    owed[way] += share;
    if (owed[way] < 1) return false;
    owed[way] -= 1;
    return true;
  };
}
