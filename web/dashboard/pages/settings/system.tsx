import { useData } from "../../client/use-data.ts";
import { formatBytes, formatNumber, plural } from "../../format/numbers.ts";
import { formatAgo, formatSpan } from "../../format/times.ts";
import { SystemHealthDocument, type SystemHealthQuery } from "../../generated/documents.ts";
import { Badge } from "../../ui/badges.tsx";
import { RankBar } from "../../ui/bars.tsx";
import { Card } from "../../ui/card.tsx";
import { Loaded, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useNow } from "../../view/use-now.ts";
import { OwnListener } from "./own-listener.tsx";
import { Fact } from "./parts.tsx";

type Health = SystemHealthQuery;
type Version = Health["fleet"]["agentVersions"][number];
type Resolution = Health["system"]["storage"]["resolutions"][number];

/** From so many seconds on, rollups are late. */
const LATE_S = 30;

/** How the service itself does: lag, queue, its own listen queue, storage and where that leads, agents by version. */
export function SystemSection() {
  const data = useData(SystemHealthDocument, {}, { everyMs: 10_000 });
  return (
    <Loaded data={data} skeleton={<Skeleton height={320} />}>
      {(health) => (
        <div className="stack">
          <div className="settings-cards">
            <Service system={health.system} />
            <Work system={health.system} />
            <Disk system={health.system} />
            <OwnListener listener={health.system.listener} />
          </div>
          <Storage rows={health.system.storage.resolutions} />
          <Versions rows={health.fleet.agentVersions} />
        </div>
      )}
    </Loaded>
  );
}

function Service({ system }: Pick<Health, "system">) {
  const now = useNow();
  return (
    <Card title="Service">
      <dl className="facts">
        <Fact name="Version" value={`${system.version} (${system.roles.join(", ")})`} />
        <Fact name="Started" value={formatAgo(Date.parse(system.startedAt), now)} />
        <Fact
          name="Postgres"
          value={`${system.database.version}${system.database.embedded ? ", embedded" : ""}`}
        />
        {system.simulated && <Fact name="Hosts" value="simulated: this is a demo" />}
      </dl>
    </Card>
  );
}

function Work({ system: { rollup, queue } }: Pick<Health, "system">) {
  const isLate = rollup.settledLag > LATE_S;
  return (
    <Card
      title="Work"
      actions={<Badge tone={isLate ? "major" : "good"}>{isLate ? "Behind" : "Up to date"}</Badge>}
    >
      <dl className="facts">
        <Fact name="Late by" value={formatSpan(rollup.settledLag * 1_000)} />
        <Fact name="The oldest waits for" value={formatSpan(rollup.lag * 1_000)} />
        <Fact name="Minutes that wait" value={formatNumber(rollup.pendingMarks)} />
        <Fact
          name="Queue"
          value={
            queue === null
              ? "does not answer"
              : `${queue.backend}: ${queue.waiting} waiting, ${queue.active} active, ${queue.failed} failed`
          }
        />
      </dl>
    </Card>
  );
}

function Disk({ system: { storage } }: Pick<Health, "system">) {
  return (
    <Card
      title="Disk"
      actions={
        storage.exceedsDisk !== null && (
          <Badge tone={storage.exceedsDisk ? "critical" : "good"}>
            {storage.exceedsDisk ? "Will not fit" : "Fits"}
          </Badge>
        )
      }
    >
      <dl className="facts">
        <Fact name="Taken" value={formatBytes(storage.bytes)} />
        <Fact name="Each day" value={formatBytes(storage.bytesPerDay)} />
        <Fact name="When retention is reached" value={formatBytes(storage.bytesWhenFull)} />
        <Fact name="Free" value={formatBytes(storage.freeBytes)} />
      </dl>
    </Card>
  );
}

function Storage({ rows }: { readonly rows: readonly Resolution[] }) {
  const now = useNow();
  const columns: readonly Column<Resolution>[] = [
    { key: "name", head: "Resolution", cell: ({ name }) => <span className="row-name">{name}</span> },
    { key: "bytes", head: "Taken", numeric: true, cell: ({ bytes }) => formatBytes(bytes) },
    { key: "day", head: "Each day", numeric: true, cell: ({ bytesPerDay }) => formatBytes(bytesPerDay) },
    {
      key: "full",
      head: "When full",
      numeric: true,
      cell: ({ bytesWhenFull }) => formatBytes(bytesWhenFull),
    },
    {
      key: "oldest",
      head: "Oldest",
      wide: true,
      cell: ({ oldest }) => (
        <span className="nowrap">{oldest === null ? "–" : formatAgo(Date.parse(oldest), now)}</span>
      ),
    },
    { key: "summary", head: "In words", grow: true, wide: true, cell: ({ summary }) => summary },
  ];
  return (
    <Card title="Storage and its forecast" flush>
      <Table caption="Storage" columns={columns} rows={rows} rowKey={({ name }) => name} />
    </Card>
  );
}

function Versions({ rows }: { readonly rows: readonly Version[] }) {
  const most = rows[0]?.hostCount ?? 1;
  const columns: readonly Column<Version>[] = [
    {
      key: "version",
      head: "Agent",
      cell: ({ version }) => <span className="row-name">{version ?? "not known"}</span>,
    },
    { key: "hosts", head: "Hosts", numeric: true, cell: ({ hostCount }) => plural(hostCount, "host") },
    {
      key: "share",
      head: <span className="visually-hidden">Share</span>,
      grow: true,
      wide: true,
      cell: ({ hostCount }) => <RankBar share={hostCount / most} />,
    },
  ];
  return (
    <Card title="Hosts by agent version" flush>
      <Table
        caption="Hosts by agent version"
        columns={columns}
        rows={rows}
        rowKey={({ version }) => version ?? ""}
      />
    </Card>
  );
}
