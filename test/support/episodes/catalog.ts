import { abortOnOverflow } from "./catalog/abort-on-overflow.ts";
import { ackLoss } from "./catalog/ack-loss.ts";
import { applicationStopped } from "./catalog/application-stopped.ts";
import { bulk } from "./catalog/bulk.ts";
import { bulkLoss } from "./catalog/bulk-loss.ts";
import { clientAborts } from "./catalog/client-aborts.ts";
import { connectionLeak } from "./catalog/connection-leak.ts";
import { deploy } from "./catalog/deploy.ts";
import { honestBurst } from "./catalog/honest-burst.ts";
import { portExhaustion } from "./catalog/port-exhaustion.ts";
import { portScan } from "./catalog/port-scan.ts";
import { quiet } from "./catalog/quiet.ts";
import { serverLinger } from "./catalog/server-linger.ts";
import { serverUnread } from "./catalog/server-unread.ts";
import { serviceDown } from "./catalog/service-down.ts";
import { slowAccept } from "./catalog/slow-accept.ts";
import { slowBesideBusy } from "./catalog/slow-beside-busy.ts";
import { smallBacklog } from "./catalog/small-backlog.ts";
import { stall } from "./catalog/stall.ts";
import { stalledBesideBusy } from "./catalog/stalled-beside-busy.ts";
import { synFlood } from "./catalog/syn-flood.ts";
import { synFloodWithoutCookies } from "./catalog/syn-flood-without-cookies.ts";
import { synLoss } from "./catalog/syn-loss.ts";
import { synScan } from "./catalog/syn-scan.ts";
import { twoListeners } from "./catalog/two-listeners.ts";
import { upstreamRefused } from "./catalog/upstream-refused.ts";
import { upstreamSilent } from "./catalog/upstream-silent.ts";
import { upstreamSilentImpatient } from "./catalog/upstream-silent-impatient.ts";
import type { Episode } from "./episode.ts";

/** Every episode: first the quiet one, then by where it goes wrong. */
export const EPISODES: readonly Episode[] = [
  quiet,
  applicationStopped,
  abortOnOverflow,
  twoListeners,
  stalledBesideBusy,
  stall,
  slowAccept,
  slowBesideBusy,
  smallBacklog,
  honestBurst,
  synFlood,
  synFloodWithoutCookies,
  deploy,
  serviceDown,
  upstreamRefused,
  upstreamSilent,
  upstreamSilentImpatient,
  synScan,
  portScan,
  clientAborts,
  serverLinger,
  serverUnread,
  bulk,
  bulkLoss,
  synLoss,
  ackLoss,
  portExhaustion,
  connectionLeak,
];

/** @throws Error that lists the names there are */
export function episodeNamed(name: string): Episode {
  const found = EPISODES.find((episode) => episode.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no episode ${name}; there are ${EPISODES.map((one) => one.name).join(", ")}`);
}
