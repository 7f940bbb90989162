import { countFlag, type Flag } from "../flag.ts";
import { fleetWideFrom, isFleetWide } from "../fleet-wide.ts";
import { residual } from "../residual.ts";
import { SEASONAL_SERIES, type Series, STILL_SERIES } from "../series.ts";
import { percent, plain, several } from "../words.ts";

/** What one host of a role did in the time judged. */
export interface Peer {
  readonly hostId: number;
  /** Increase over rated intervals, and the ms that these took; a host with none is no peer. */
  readonly count: number;
  readonly ratedMs: number;
}

export interface PeerInput {
  readonly series: Series;
  readonly role: string;
  readonly from: number;
  readonly to: number;
  readonly peers: readonly Peer[];
}

/** Either hosts that stand out, or one finding for the role where too many do. */
export interface PeerReport {
  readonly hosts: readonly { readonly hostId: number; readonly flag: Flag }[];
  readonly fleet: { readonly hostIds: readonly number[]; readonly flag: Flag } | null;
}

/** What hosts that do the same work do alike: counts, and no numbers of connections at a moment. */
export const PEER_SERIES: readonly Series[] = [...STILL_SERIES, ...SEASONAL_SERIES].filter(
  ({ kind }) => kind === "event" || kind === "flow",
);
/** Fewer hosts have no middle that says anything. */
export const PEERS_MIN = 5;
const Z_MIN = 6;
/** Of log1p(rate): closer than this, rates are alike however close the others lie. */
const SPREAD_MIN = 0.05;
/** Makes the median distance comparable to a standard deviation. */
const MAD_SCALE = 0.6745;
/**
 * Hosts of one role that are far above the others: by the median distance from the median, on a logarithmic
 * scale, and by the count itself against the rate in the middle, so that one event among hosts that have none is
 * no outlier.
 */
export function judgePeers({ series, role, from, to, peers }: PeerInput): PeerReport {
  const judged = peers.filter(({ ratedMs }) => ratedMs > 0);
  if (judged.length < PEERS_MIN) return { hosts: [], fleet: null };
  const values = judged.map(({ count, ratedMs }) => Math.log1p((count * 60_000) / ratedMs));
  const middle = median(values);
  const spread = Math.max(median(values.map((value) => Math.abs(value - middle))), SPREAD_MIN);
  const usual = Math.expm1(middle);

  const hosts = judged.flatMap((peer, index) => {
    const distance = (MAD_SCALE * ((values[index] as number) - middle)) / spread;
    const minutes = peer.ratedMs / 60_000;
    const expected = Math.max(usual, 1 / judged.length) * minutes;
    // A host that is alike in all but chance is no outlier: a tenth of the rate is left to differences of load.
    const z = Math.min(distance, residual(peer.count, expected, 0.1));
    if (z < Z_MIN) return [];
    const text = `${plain(peer.count / minutes)} ${series.words} a minute, where the ${several(judged.length - 1, "other host")} of ${role} have ${plain(usual)} in the middle.`;
    const { name } = series;
    const flag = {
      detector: "peers",
      series: name,
      from,
      to,
      observed: peer.count,
      expected,
      z,
      text,
    } as const;
    return [{ hostId: peer.hostId, flag: countFlag(flag, 0.1) }];
  });
  if (!isFleetWide(hosts.length, judged.length)) return { hosts, fleet: null };
  const share = hosts.length / judged.length;
  const text = `${several(hosts.length, "host")} of the ${judged.length} of ${role} (${percent(share)}) are far above the others in ${series.words}: one event of the role.`;
  const flag: Flag = {
    detector: "peers",
    series: series.name,
    from,
    to,
    observed: hosts.length,
    expected: 0,
    low: 0,
    high: fleetWideFrom(judged.length),
    z: Math.min(...hosts.map((host) => host.flag.z)),
    share: null,
    text,
  };
  return { hosts: [], fleet: { hostIds: hosts.map(({ hostId }) => hostId), flag } };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
