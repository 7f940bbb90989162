import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatCount, formatShareRange } from "../../format/numbers.ts";
import { formatAgo } from "../../format/times.ts";
import {
  type HostOrder,
  type HostStatus,
  HostsDocument,
  type HostsQuery,
} from "../../generated/documents.ts";
import { HostStatusBadge, Labels } from "../../ui/badges.tsx";
import { Page } from "../../ui/page.tsx";
import { PagedCard, usePages } from "../../ui/paged-card.tsx";
import { Empty } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { RangePicker, ViewButtons } from "../../view/controls.tsx";
import { FilterBar } from "../../view/filter-bar.tsx";
import { hostFilter } from "../../view/matchers.ts";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useNow } from "../../view/use-now.ts";
import { useParam, useView } from "../../view/use-view.ts";

type HostRow = HostsQuery["hosts"]["edges"][number]["node"];

const STATUSES: readonly HostStatus[] = ["REPORTING", "STALE", "SILENT", "LEFT"];
/** In a line of the table. */
const LABELS_SHOWN = 2;
const ORDERS: readonly (readonly [HostOrder, string])[] = [
  ["NAME", "name"],
  ["LAST_SEEN", "last heard of"],
  ["FIRST_SEEN", "newest"],
];

/** Every host that meets the filter, a page at a time. */
export default function HostsPage() {
  const view = useView();
  const { range } = view;
  const [status, setStatus] = useParam("status");
  const [order, setOrder] = useParam("order");
  const chosen = STATUSES.find((one) => one === status) ?? null;
  const [orderBy] = ORDERS.find(([one]) => one === order) ?? ["NAME" as const];
  const filter = { ...hostFilter(view), ...(chosen === null ? {} : { status: [chosen] }) };
  const pages = usePages([filter, orderBy]);
  const data = useData(
    HostsDocument,
    { filter, orderBy, after: pages.after, range: rangeInput(range) },
    { everyMs: Math.max(15_000, refreshMs(range)) },
  );
  return (
    <Page
      title="Hosts"
      actions={
        <>
          <RangePicker />
          <ViewButtons />
        </>
      }
    >
      <FilterBar />
      <div className="filters">
        <fieldset className="segments">
          <legend className="visually-hidden">Status</legend>
          <button type="button" aria-pressed={chosen === null} onClick={() => setStatus(null)}>
            All
          </button>
          {STATUSES.map((one) => (
            <button key={one} type="button" aria-pressed={one === chosen} onClick={() => setStatus(one)}>
              {one.charAt(0) + one.slice(1).toLowerCase()}
            </button>
          ))}
        </fieldset>
        <label className="field-inline">
          <span>Order</span>
          <select
            value={orderBy}
            onChange={({ target }) => setOrder(target.value === "NAME" ? null : target.value)}
          >
            {ORDERS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </div>
      <PagedCard
        data={data}
        pages={pages}
        connection={({ hosts }) => hosts}
        noun="host"
        empty={
          <Empty icon="hosts" title="No host matches">
            <p>Hosts appear here with their first snapshot.</p>
          </Empty>
        }
      >
        {(rows) => <HostTable rows={rows} />}
      </PagedCard>
    </Page>
  );
}

function HostTable({ rows }: { readonly rows: readonly HostRow[] }) {
  const { href } = useView();
  const now = useNow();
  const columns: readonly Column<HostRow>[] = [
    {
      key: "name",
      head: "Host",
      cell: ({ id, name }) => (
        <Link href={href(`/hosts/${id}`)} className="row-name">
          {name}
        </Link>
      ),
    },
    { key: "status", head: "Status", cell: ({ status }) => <HostStatusBadge status={status} /> },
    {
      key: "loss",
      head: "Lost or delayed",
      numeric: true,
      cell: ({ handshakes }) => formatShareRange(handshakes),
    },
    { key: "drops", head: "Dropped", numeric: true, cell: ({ drops }) => formatCount(drops) },
    {
      key: "accepted",
      head: "Accepted",
      numeric: true,
      wide: true,
      cell: ({ handshakes }) => formatCount(handshakes.accepted),
    },
    {
      key: "labels",
      head: "Labels",
      grow: true,
      wide: true,
      cell: ({ labels }) => <Labels labels={labels} most={LABELS_SHOWN} />,
    },
    {
      key: "kernel",
      head: "Kernel",
      wide: true,
      cell: ({ kernel }) => <span className="row-note nowrap">{kernel ?? "–"}</span>,
    },
    {
      key: "seen",
      head: "Heard of",
      wide: true,
      cell: ({ lastSeen }) => (
        <span className="nowrap">{lastSeen === null ? "never" : formatAgo(Date.parse(lastSeen), now)}</span>
      ),
    },
  ];
  return <Table caption="Hosts" columns={columns} rows={rows} rowKey={({ id }) => id} />;
}
