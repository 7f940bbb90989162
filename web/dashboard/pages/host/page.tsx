import "../incident/incident.css";
import "./host.css";
import { Link, useParams } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatShareRange } from "../../format/numbers.ts";
import { formatAgo } from "../../format/times.ts";
import { HostDocument } from "../../generated/documents.ts";
import { HostStatusBadge, Labels } from "../../ui/badges.tsx";
import { Page } from "../../ui/page.tsx";
import { answerClass, Empty, ErrorState, Progress, Skeleton, StaleBanner } from "../../ui/states.tsx";
import { RangePicker, ViewButtons } from "../../view/controls.tsx";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useNow } from "../../view/use-now.ts";
import { useView } from "../../view/use-view.ts";
import { HostAnomalies } from "./anomalies.tsx";
import { Capabilities, HostFacts, Sysctls } from "./facts.tsx";
import { HostIncident } from "./incident.tsx";
import { HostListeners } from "./listeners.tsx";
import { Namespaces } from "./namespaces.tsx";
import { HostRates } from "./rates.tsx";

/** One host: how it stands, what listens on it, what its counters did, and what its agent cannot see. */
export default function HostPage() {
  const { id = "" } = useParams<{ id: string }>();
  // Nothing of one host is shown as another's.
  return <OneHost key={id} id={id} />;
}

function OneHost({ id }: { readonly id: string }) {
  const { range, href } = useView();
  const now = useNow();
  const data = useData(HostDocument, { id, range: rangeInput(range) }, { everyMs: refreshMs(range) });
  if (data.data === null) {
    return (
      <Page title="Host">
        <Progress active />
        {data.error === null ? (
          <Skeleton lines={10} />
        ) : (
          <ErrorState error={data.error} retry={data.refresh} />
        )}
      </Page>
    );
  }
  const { host } = data.data;
  if (host === null) {
    return (
      <Page title="Host">
        <Empty
          icon="search"
          title="There is no such host"
          action={<Link href={href("/hosts")}>All hosts</Link>}
        >
          <p>It may have been forgotten: a host that is long silent is.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={host.name}
      aside={<HostStatusBadge status={host.status} />}
      actions={
        <>
          <RangePicker />
          <ViewButtons />
        </>
      }
      lead={
        <div className={`incident-lead ${answerClass(data)}`}>
          <span>
            {host.lastSeen === null
              ? "Never heard of"
              : `Last snapshot ${formatAgo(Date.parse(host.lastSeen), now)}`}
          </span>
          {host.kernel !== null && <span>Linux {host.kernel}</span>}
          <span>
            <strong className="number">{formatShareRange(host.handshakes)}</strong> of handshakes lost or
            delayed
          </span>
          <Labels labels={host.labels} />
        </div>
      }
    >
      <Progress active={data.isOfOther && data.fetching} />
      <StaleBanner data={data} />
      {/* What is known of the host whatever the range stays, also where the range is not answered. */}
      <div className={`stack ${answerClass(data)}`}>
        <HostIncident host={host} />
        <HostListeners host={host} />
        <HostRates host={host} />
        <div className="grid-2">
          <HostAnomalies host={host} />
          <Namespaces host={host} />
        </div>
        <div className="grid-2">
          <HostFacts host={host} />
          <Capabilities host={host} />
        </div>
        <Sysctls host={host} />
      </div>
    </Page>
  );
}
