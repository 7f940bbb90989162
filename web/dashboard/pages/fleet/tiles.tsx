import { Link } from "wouter";
import { formatCount, formatNumber, formatShare, formatShareRange, plural } from "../../format/numbers.ts";
import type { FleetNowQuery } from "../../generated/documents.ts";
import { useView } from "../../view/use-view.ts";

type Fleet = FleetNowQuery["fleet"];

/** Whether anybody has told of drops, be it that there were none. */
export function isCounted({ affected, counted }: Fleet): boolean {
  return affected.length > 0 || counted.some(({ values }) => values.some((value) => value !== null));
}

/** The fleet in four numbers. */
export function FleetTiles({ fleet }: { readonly fleet: Fleet }) {
  const { href } = useView();
  const { handshakes, hostCount, reportingCount, staleCount, silentCount, leftCount, affected } = fleet;
  const range = formatShareRange(handshakes).slice(formatShare(handshakes.share).length);
  const isUnknown = !isCounted(fleet);
  const missing = [
    silentCount > 0 && `${formatCount(silentCount)} silent`,
    staleCount > 0 && `${formatCount(staleCount)} stale`,
    leftCount > 0 && `${formatCount(leftCount)} left`,
  ].filter(Boolean);
  return (
    <dl className="tiles">
      <div className={`tile ${(handshakes.share ?? 0) >= 0.001 ? "tile-bad" : ""}`}>
        <dt>Handshakes lost or delayed</dt>
        <dd>
          {formatShare(handshakes.share)}
          <span className="tile-note">{range}</span>
        </dd>
        <dd className="tile-foot">
          {handshakes.lost === null
            ? "nobody has told"
            : handshakes.lost > 0
              ? `about ${formatNumber(handshakes.lost)} clients had to wait`
              : "no client had to wait"}
        </dd>
      </div>
      <div className="tile">
        <dt>Connections accepted</dt>
        <dd>{handshakes.accepted === null ? "–" : formatNumber(Number(handshakes.accepted))}</dd>
        <dd className="tile-foot">in the range, on all hosts</dd>
      </div>
      <div className={`tile ${affected.length > 0 ? "tile-bad" : ""}`}>
        <dt>Hosts that dropped</dt>
        <dd>
          {isUnknown ? "–" : affected.length >= 500 ? "500+" : formatCount(affected.length)}
          <span className="tile-note"> of {formatCount(hostCount)}</span>
        </dd>
        <dd className="tile-foot">{isUnknown ? "nobody has told" : "a connection or more in the range"}</dd>
      </div>
      <div className={`tile ${silentCount > 0 ? "tile-bad" : ""}`}>
        <dt>Reporting</dt>
        <dd>
          {formatCount(reportingCount)}
          <span className="tile-note"> of {plural(hostCount, "host")}</span>
        </dd>
        <dd className="tile-foot">
          {missing.length === 0 ? "all of them" : <Link href={href("/hosts")}>{missing.join(", ")}</Link>}
        </dd>
      </div>
    </dl>
  );
}
