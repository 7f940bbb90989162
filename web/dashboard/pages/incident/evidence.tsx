import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatNumber, formatRate, formatRates } from "../../format/numbers.ts";
import { shortCounter } from "../../format/words.ts";
import { IncidentCounterDocument } from "../../generated/documents.ts";
import { TimePlot } from "../../plots/time-plot.tsx";
import { Bar } from "../../ui/bars.tsx";
import { Card } from "../../ui/card.tsx";
import { Prose } from "../../ui/prose.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { useView } from "../../view/use-view.ts";
import { incidentMarks, incidentRange, incidentRefreshMs } from "./range.ts";
import type { Evidence, IncidentDetails, OfIncident } from "./types.ts";

/** Plots of counters at most: the first ones turned the diagnosis. */
const PLOTS = 6;

/** What speaks for the cause: sentences with their numbers, the sockets concerned, the counters' course. */
export function EvidenceCard({ incident }: OfIncident) {
  const evidence = incident.diagnosis?.evidence ?? [];
  if (evidence.length === 0) return null;
  const counters = new Map(
    evidence.flatMap(({ counter }) => (counter === null ? [] : [[counter.name, counter] as const])),
  );
  return (
    <Card title="Evidence">
      <ul className="evidence">
        {evidence.map((fact) => (
          <li key={fact.statement}>
            <p>
              <Prose>{fact.statement}</Prose>
            </p>
            {fact.listener !== null && <Socket listener={fact.listener} />}
            {fact.counter !== null && (
              <p className="row-note">
                <Link href={`/counters/${fact.counter.name}`}>{fact.counter.name}</Link>
                {fact.counter.meaning === null ? "" : `: ${fact.counter.meaning}`}
              </p>
            )}
          </li>
        ))}
      </ul>
      <div className="minis">
        {[...counters.values()].slice(0, PLOTS).map((counter) => (
          <CounterPlot key={counter.name} incident={incident} counter={counter} />
        ))}
      </div>
    </Card>
  );
}

function Socket({ listener }: { readonly listener: NonNullable<Evidence["listener"]> }) {
  const { href } = useView();
  const { acceptQueue, backlog, owner, address, port, host, namespace, advice } = listener;
  return (
    <div className="socket">
      <p>
        <strong>{owner ?? "Unknown process"}</strong>{" "}
        <code>
          {address}:{port}
        </code>{" "}
        on <Link href={href(`/hosts/${host.id}`)}>{host.name}</Link>
        {namespace.kind === "CONTAINER" && `, container ${namespace.name ?? ""}`}
      </p>
      <Bar
        fill={acceptQueue === null || backlog === null ? null : acceptQueue / (backlog + 1)}
        text={acceptQueue === null ? "queue not seen" : `${acceptQueue} of ${backlog ?? "?"} waiting`}
      />
      {advice !== null && (
        <p className="row-note">
          <Prose>{advice}</Prose>
        </p>
      )}
    </div>
  );
}

function CounterPlot({
  incident,
  counter,
}: {
  readonly incident: IncidentDetails;
  readonly counter: NonNullable<Evidence["counter"]>;
}) {
  const { zone } = useView();
  const { name } = counter;
  // A gauge has no rate: what it showed last in each step is its course.
  const isGauge = counter.kind === "GAUGE";
  const { data, error } = useData(
    IncidentCounterDocument,
    { id: incident.id, counter: name, range: incidentRange(incident), measure: isGauge ? "LAST" : "RATE" },
    { everyMs: incidentRefreshMs(incident) },
  );
  const [trend] = data?.incident?.fleet.trend ?? [];
  return (
    <div className="mini">
      <h3>{shortCounter(name)}</h3>
      {trend === undefined ? (
        error === null ? (
          <Skeleton height={90} />
        ) : (
          <p className="row-note">could not be loaded</p>
        )
      ) : (
        <TimePlot
          label={`${name}${isGauge ? "" : " per second"} around the incident`}
          start={trend.start}
          step={trend.step}
          series={[{ name: shortCounter(name), values: trend.values, color: 1 }]}
          {...(isGauge ? { format: formatNumber } : { format: formatRate, formatTicks: formatRates })}
          zone={zone}
          marks={incidentMarks(incident)}
          height={110}
          syncKey="incident"
        />
      )}
    </div>
  );
}
