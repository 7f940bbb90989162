import "../incidents/incidents.css";
import "./fleet.css";
import { useData } from "../../client/use-data.ts";
import { FleetNowDocument } from "../../generated/documents.ts";
import { Page } from "../../ui/page.tsx";
import { answerClass, Loaded, Skeleton, StaleBanner } from "../../ui/states.tsx";
import { RangePicker, ViewButtons } from "../../view/controls.tsx";
import { FilterBar } from "../../view/filter-bar.tsx";
import { hostFilter } from "../../view/matchers.ts";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput, stepOf } from "../../view/state.ts";
import { useView } from "../../view/use-view.ts";
import { DrillCard } from "./drill.tsx";
import { FleetHeatmap } from "./heatmap.tsx";
import { FleetIncidents } from "./incidents.tsx";
import { AllIsWell, FirstScreen, NobodyMatches, NothingDropped, NothingKnown } from "./quiet.tsx";
import { FleetTiles, isCounted } from "./tiles.tsx";
import { FleetTrends } from "./trends.tsx";
import { FleetWorst } from "./worst.tsx";

/** The whole fleet at a glance: what is lost, where, since when, and what is known of why. */
export default function FleetPage() {
  const { range, ...view } = useView();
  const filter = hostFilter(view);
  const now = useData(
    FleetNowDocument,
    { filter, range: rangeInput(range), step: stepOf(range) },
    { everyMs: refreshMs(range) },
  );
  const failed = now.error !== null && (now.data === null || now.isOfOther);
  const fleet = failed ? null : (now.data?.fleet ?? null);
  const nobody = fleet?.hostCount === 0;
  const nobodyDropped = fleet !== null && fleet.affected.length === 0;
  const isKnown = fleet !== null && isCounted(fleet);
  const quiet = nobodyDropped && isKnown;
  const isLive = range.kind === "last";
  return (
    <Page
      title="Fleet"
      actions={
        <>
          <RangePicker />
          <ViewButtons />
        </>
      }
    >
      {nobody && filter === null ? (
        <>
          <StaleBanner data={now} />
          <FirstScreen />
        </>
      ) : (
        <>
          <FilterBar grouping />
          <div className="stack">
            <Loaded data={now} skeleton={<Skeleton height={92} />}>
              {(answer) => <FleetTiles fleet={answer.fleet} />}
            </Loaded>
            {nobody ? (
              <NobodyMatches />
            ) : (
              <>
                <FleetIncidents />
                <div className={`answer ${answerClass(now)}`}>
                  {quiet && !isLive && <NothingDropped />}
                  {quiet && isLive && fleet.reportingCount > 0 && <AllIsWell hosts={fleet.reportingCount} />}
                  {nobodyDropped && !isKnown && <NothingKnown isLive={isLive} />}
                </div>
                {!quiet && <DrillCard />}
                <FleetTrends />
                {!nobodyDropped && (
                  <div className="grid-main">
                    <FleetHeatmap />
                    <FleetWorst />
                  </div>
                )}
              </>
            )}
          </div>
        </>
      )}
    </Page>
  );
}
