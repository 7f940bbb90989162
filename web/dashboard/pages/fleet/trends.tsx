import { useMemo } from "react";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import { formatNumber, formatRate, formatRates, formatShare } from "../../format/numbers.ts";
import { sentence } from "../../format/words.ts";
import {
  FleetOverflowsDocument,
  FleetTrendsDocument,
  type FleetTrendsQuery,
  type FleetTrendsQueryVariables,
} from "../../generated/documents.ts";
import type { Mark } from "../../plots/model.ts";
import { TimePlot } from "../../plots/time-plot.tsx";
import { perSecond } from "../../plots/times.ts";
import { Card } from "../../ui/card.tsx";
import { Loaded, Skeleton } from "../../ui/states.tsx";
import { hostFilter } from "../../view/matchers.ts";
import { refreshMs } from "../../view/refresh.ts";
import { momentsOf, rangeInput, stepOf, zoomed } from "../../view/state.ts";
import { useView } from "../../view/use-view.ts";
import { groupsOf } from "./groups.ts";

const SYNC = "fleet";

/** What is lost and what overflows over time, with what happened marked on it. */
export function FleetTrends() {
  const view = useView();
  const { range, groupBy } = view;
  const filter = hostFilter(view);
  const grouping = groupBy === null ? null : [groupBy];
  const data = useData(
    FleetTrendsDocument,
    { filter, range: rangeInput(range), step: stepOf(range), groupBy: grouping },
    { everyMs: refreshMs(range) },
  );
  useLive(FleetOverflowsDocument, { filter, groupBy: grouping }, data.refresh, {
    pause: range.kind === "pinned",
  });
  return (
    <Loaded
      data={data}
      skeleton={
        <div className="grid-2">
          <Skeleton height={280} />
          <Skeleton height={280} />
        </div>
      }
    >
      {({ fleet, system }) => <Plots fleet={fleet} now={Date.parse(system.time)} asked={data.of} />}
    </Loaded>
  );
}

interface PlotsProps {
  readonly fleet: FleetTrendsQuery["fleet"];
  /** The service's clock when it answered, ms since 1970. */
  readonly now: number;
  /** What these series were asked with, which may not be what the view says by now. */
  readonly asked: FleetTrendsQueryVariables | null;
}

function Plots({ fleet, now, asked }: PlotsProps) {
  const { zone, change } = useView();
  const marks = useMemo<Mark[]>(
    () =>
      fleet.events.map(({ kind, title, at, until }) => ({
        kind: "event",
        at: Date.parse(at),
        ...(until === null ? {} : { to: Date.parse(until) }),
        text: `${sentence(kind)}: ${title}`,
      })),
    [fleet.events],
  );
  const [loss] = fleet.loss;
  const [affected] = fleet.affected;
  const [overflows] = fleet.overflows;
  const lossSeries = useMemo(
    () =>
      loss === undefined ? [] : [{ name: "Lost or delayed", values: loss.values, color: 2, band: loss }],
    [loss],
  );
  const groupBy = asked?.groupBy?.[0] ?? null;
  const overflowSeries = useMemo(() => {
    const range = momentsOf(asked?.range ?? {}, now);
    const rates = fleet.overflows.map(({ labels, start, step, values }) => ({
      labels,
      values: perSecond(values, { start, step, range, now }),
    }));
    return groupsOf(rates, groupBy, "Overflows");
  }, [fleet.overflows, asked, groupBy, now]);
  const affectedSeries = useMemo(
    () => (affected === undefined ? [] : [{ name: "Hosts", values: affected.values, color: 5 }]),
    [affected],
  );
  const zoom = (from: number, to: number) => {
    const next = zoomed(from, to);
    if (next !== null) change({ range: next });
  };
  const common = { zone, marks, syncKey: SYNC, onZoom: zoom };
  return (
    <>
      <div className="grid-2">
        <Card
          title="Handshakes lost or delayed"
          note="Share of new connections that were dropped at least once, as an estimate with its range"
        >
          {loss !== undefined && (
            <TimePlot
              {...common}
              label="Share of handshakes lost or delayed over time"
              start={loss.start}
              step={loss.step}
              series={lossSeries}
              format={formatShare}
            />
          )}
        </Card>
        <Card
          title="Accept-queue overflows"
          note={groupBy === null ? "Per second, all hosts" : `Per second, stacked by ${groupBy}`}
        >
          {overflows !== undefined && (
            <TimePlot
              {...common}
              label="Accept-queue overflows per second over time"
              start={overflows.start}
              step={overflows.step}
              series={overflowSeries}
              format={formatRate}
              formatTicks={formatRates}
              stack
            />
          )}
        </Card>
      </div>
      <Card title="Hosts that drop connections" note="How many in each step">
        {affected !== undefined && (
          <TimePlot
            {...common}
            label="Number of hosts that drop connections over time"
            start={affected.start}
            step={affected.step}
            series={affectedSeries}
            format={formatNumber}
            height={110}
            stack
          />
        )}
      </Card>
    </>
  );
}
