import type { PositionFlag } from "../../detect/baseline/shard-baselines.ts";
import { type KnownOutlier, KnownOutliers } from "../../detect/detectors/known-outliers.ts";
import { judgePeers, PEER_SERIES, PEERS_MIN } from "../../detect/detectors/peers.ts";
import type { Changed } from "../../live/events.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import { type Db, inTransaction, type PrismaClient } from "../../store/client.ts";
import { lockPeers, shardsSince, writePeers } from "../../store/detect/peers.ts";
import { insertEvent } from "../../store/events.ts";
import type { Fleet, FleetView } from "../../store/fleet-view.ts";
import type { SnapshotReader } from "../../store/history/snapshot-reader.ts";
import { type Lasting, LastingFlags } from "./lasting.ts";
import { recordLasting } from "./record-lasting.ts";
import { peersIn, type RolePeer, RolePeers } from "./role-peers.ts";
import { ShardReader } from "./shard-reader.ts";

/** Hosts are compared over so long: a minute alone is of chance. */
const WINDOW_MS = 5 * MINUTE_MS;
/** By then the minutes of a window are rolled up, also by workers that are busy. */
const GRACE_MS = 90_000;
/** What was before is compared no more: nothing is opened by it, and the next window says the same. */
const WINDOWS_MAX = 12;
const CREATED_BY = "detection";

export interface PeersDeps {
  readonly db: PrismaClient;
  readonly reader: Pick<SnapshotReader, "layouts">;
  readonly fleet: Pick<FleetView, "read">;
  readonly roleLabels: readonly string[];
}

/** A span of time that hosts are compared over, ms since 1970. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * Compares the hosts of each role with each other. One that is far above the others is an anomaly of that host:
 * evidence beside the diagnosis of its incident, which opens none by itself, for a host that has more to do than
 * others is no fault. Where a fifth of a role is far above the rest, a note of the role is recorded instead. What
 * has been so for six hours is known, and told of no more.
 *
 * Safe to run twice and at once: the mark is locked, and a window that was judged is not judged again.
 *
 * @param now ms since 1970
 * @returns anomalies that are at a new revision
 */
export async function judgePeersOfRoles(deps: PeersDeps, now: number): Promise<readonly Changed[]> {
  const newest = Math.floor((now - GRACE_MS) / WINDOW_MS) * WINDOW_MS;
  const fleet = await deps.fleet.read();
  return inTransaction(deps.db, async (tx) => {
    const mark = await lockPeers(tx, newest - WINDOW_MS);
    const first = Math.max(mark.judgedTo, newest - WINDOWS_MAX * WINDOW_MS);
    if (first >= newest) return [];
    const lasting = new LastingFlags(mark.lasting as readonly Lasting[]);
    const known = new KnownOutliers(mark.known as Readonly<Record<string, KnownOutlier>>);
    for (let from = first; from < newest; from += WINDOW_MS) {
      const window = { from, to: from + WINDOW_MS };
      const peers = await peersOf(deps, tx, fleet, window, now);
      const flags: PositionFlag[] = [];
      for (const [role, all] of peers.all) {
        if (all.length >= PEERS_MIN) flags.push(...(await judgeRole(deps, tx, { role, all, window, known })));
      }
      known.forget(window.to);
      // As of the last minute of the window.
      lasting.close(window.to - MINUTE_MS, flags);
    }
    const { changed } = await recordLasting(tx, lasting, {
      namespaceAt: (namespaceId) => namespaceId,
      ownerOf: fleet.ownerOf,
    });
    await writePeers(tx, { judgedTo: newest, lasting: lasting.all, known: known.all });
    return changed;
  });
}

async function peersOf(
  { reader, roleLabels }: PeersDeps,
  tx: Db,
  fleet: Fleet,
  { from, to }: Window,
  now: number,
): Promise<RolePeers> {
  const peers = new RolePeers(fleet, roleLabels);
  for (const shard of await shardsSince(tx, from)) {
    const minutes = await new ShardReader(tx, reader.layouts, shard, now).minutes(from, to);
    for (const minute of minutes) peers.take(shard, minute);
  }
  return peers;
}

interface RoleWindow {
  readonly role: string;
  readonly all: readonly RolePeer[];
  readonly window: Window;
  readonly known: KnownOutliers;
}

/** @returns what is news of its hosts, by namespace */
async function judgeRole(
  { roleLabels }: PeersDeps,
  tx: Db,
  { role, all, window, known }: RoleWindow,
): Promise<PositionFlag[]> {
  const namespaces = new Map(all.map(({ host, namespaceId }) => [host.id, namespaceId]));
  const flags: PositionFlag[] = [];
  for (const series of PEER_SERIES) {
    if (!all.some(({ counts }) => counts.has(series.name))) continue;
    const { hosts, fleet } = judgePeers({ series, role, ...window, peers: peersIn(series, all) });
    for (const { hostId, flag } of hosts) {
      const position = namespaces.get(hostId) as number;
      const isNews = known.see(JSON.stringify([position, series.name]), window) !== "accepted";
      if (isNews) flags.push({ position, flag });
    }
    if (fleet !== null && known.see(JSON.stringify([role, series.name]), window) === "new") {
      const label = roleLabels.find((name) => all[0]?.host.labels[name] === role) ?? "role";
      await insertEvent(tx, {
        kind: "NOTE",
        title: fleet.flag.text,
        at: window.from,
        until: window.to,
        matchers: [{ name: label, op: "EQ", value: role }],
        url: null,
        createdBy: CREATED_BY,
      });
    }
  }
  return flags;
}
