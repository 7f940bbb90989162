import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatCount, formatNumber, formatShare } from "../../format/numbers.ts";
import { FleetWorstDocument, type FleetWorstQuery, type RankBy } from "../../generated/documents.ts";
import { RankBar } from "../../ui/bars.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";
import { hostFilter } from "../../view/matchers.ts";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useParam, useView } from "../../view/use-view.ts";

type Ranked = FleetWorstQuery["fleet"]["top"][number];

const KINDS: readonly (readonly [RankBy, string])[] = [
  ["HOST", "Hosts"],
  ["NAMESPACE", "Containers"],
  ["LISTENER", "Listeners"],
];

/** Where most connections were dropped. */
export function FleetWorst() {
  const view = useView();
  const { range, href } = view;
  const [chosen, choose] = useParam("worst");
  const [by] = KINDS.find(([kind]) => kind === chosen) ?? ["HOST" as const];
  const data = useData(
    FleetWorstDocument,
    { filter: hostFilter(view), range: rangeInput(range), by },
    { everyMs: refreshMs(range) },
  );
  return (
    <Card
      title="The worst"
      note="Connections dropped in the range"
      actions={
        <fieldset className="segments segments-small">
          <legend className="visually-hidden">The worst of what</legend>
          {KINDS.map(([kind, name]) => (
            <button
              key={kind}
              type="button"
              aria-pressed={kind === by}
              onClick={() => choose(kind === "HOST" ? null : kind)}
            >
              {name}
            </button>
          ))}
        </fieldset>
      }
    >
      <Loaded data={data} skeleton={<Skeleton lines={8} />}>
        {({ fleet: { top } }) =>
          top.length === 0 ? (
            <Empty title="None of them dropped a connection" />
          ) : (
            <ol className="worst">
              {top.map((ranked) => (
                <li key={ranked.listener?.id ?? ranked.namespace?.id ?? ranked.host.id}>
                  <div className="worst-row">
                    <span>
                      <Link href={href(`/hosts/${ranked.host.id}`)} className="row-name">
                        {nameOf(ranked)}
                      </Link>
                      <span className="row-note"> {placeOf(ranked)}</span>
                    </span>
                    <span className="number">{droppedOf(ranked)}</span>
                    <span className="row-note number">{formatShare(ranked.shareOfFleet)}</span>
                  </div>
                  <RankBar share={ranked.shareOfFleet ?? 0} />
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

function nameOf({ host, namespace, listener }: Ranked): string {
  if (listener !== null) return `${listener.owner ?? "unknown process"} :${listener.port}`;
  if (namespace === null || namespace.kind === "ROOT") return host.name;
  return namespace.name ?? namespace.containerId?.slice(0, 12) ?? namespace.kind.toLowerCase();
}

function placeOf({ host, namespace, listener }: Ranked): string {
  if (listener !== null) return `${listener.address} on ${host.name}`;
  return namespace === null ? "" : namespace.kind === "ROOT" ? "the host itself" : `on ${host.name}`;
}

/** Of a listener an attribution, which is an estimate. */
function droppedOf({ increase, attribution }: Ranked): string {
  if (increase !== null) return formatCount(increase);
  return attribution === null ? "–" : `~${formatNumber(attribution.drops)}`;
}
