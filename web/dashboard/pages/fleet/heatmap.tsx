import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatCount, formatNumber } from "../../format/numbers.ts";
import { formatTime, type Zone } from "../../format/times.ts";
import { FleetHeatmapDocument, type FleetHeatmapQuery } from "../../generated/documents.ts";
import { peakOf, stepTimes } from "../../plots/times.ts";
import { Card } from "../../ui/card.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";
import { hostFilter } from "../../view/matchers.ts";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useView } from "../../view/use-view.ts";
import { heatLevel } from "./groups.ts";

type Heat = FleetHeatmapQuery["fleet"]["heatmap"];

const LEVELS = [0, 1, 2, 3, 4, 5] as const;

/** A heatmap costs more than the rest of its page. */
function seldom(everyMs: number): number {
  return everyMs === 0 ? 0 : Math.max(15_000, everyMs);
}

/** Hosts down, time across. */
export function FleetHeatmap() {
  const view = useView();
  const { range } = view;
  const data = useData(
    FleetHeatmapDocument,
    { filter: hostFilter(view), range: rangeInput(range) },
    { everyMs: seldom(refreshMs(range)) },
  );
  return (
    <Card
      title="Where and when"
      note="Connections dropped, the worst 30 hosts"
      actions={
        <span className="heat-legend" aria-hidden="true">
          few
          {LEVELS.map((level) => (
            <span key={level} className={`heat-key heat-bg-${level}`} />
          ))}
          many
        </span>
      }
    >
      <Loaded data={data} skeleton={<Skeleton height={220} />}>
        {({ fleet: { heatmap } }) => <Rows heatmap={heatmap} zone={view.zone} />}
      </Loaded>
    </Card>
  );
}

function Rows({ heatmap, zone }: { readonly heatmap: Heat; readonly zone: Zone }) {
  const { href } = useView();
  const { rows, start, step } = heatmap;
  if (rows.length === 0) return <Empty title="No host dropped a connection" />;
  const steps = Math.max(...rows.map(({ values }) => values.length));
  const times = stepTimes(start, step, steps);
  const most = Math.max(...rows.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const [first = 0, last = 0] = [times[0], times[times.length - 1]];
  return (
    <div className="heat">
      {rows.map(({ host, values }) => (
        <div key={host.id} className="heat-row">
          <Link href={href(`/hosts/${host.id}`)} className="heat-name" title={host.name}>
            {host.name}
          </Link>
          <svg
            viewBox={`0 0 ${steps} 1`}
            preserveAspectRatio="none"
            className="heat-cells"
            role="img"
            aria-label={sentenceOf(values, times, zone)}
          >
            {values.map((value, index) =>
              value === null ? null : (
                <rect
                  key={times[index]}
                  x={index}
                  y="0"
                  width="0.92"
                  height="1"
                  className={`heat-${heatLevel(value, most)}`}
                >
                  <title>{`${formatTime((times[index] ?? 0) * 1_000, zone)}: ${formatCount(value)} dropped`}</title>
                </rect>
              ),
            )}
          </svg>
        </div>
      ))}
      <p className="heat-axis" aria-hidden="true">
        <span>{formatTime(first * 1_000, zone)}</span>
        <span>{formatTime(last * 1_000, zone)}</span>
      </p>
    </div>
  );
}

function sentenceOf(values: readonly (number | null)[], times: readonly number[], zone: Zone): string {
  const peak = peakOf(values);
  if (peak === null) return "nothing known";
  const sum = values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return `${formatNumber(sum)} dropped; most, ${formatNumber(peak.value)}, at ${formatTime((times[peak.index] ?? 0) * 1_000, zone)}`;
}
