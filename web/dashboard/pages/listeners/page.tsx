import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatNumber, formatShare } from "../../format/numbers.ts";
import { type ListenerOrder, ListenersDocument, type ListenersQuery } from "../../generated/documents.ts";
import { Advice } from "../../ui/advice.tsx";
import { Bar } from "../../ui/bars.tsx";
import { Page } from "../../ui/page.tsx";
import { PagedCard, usePages } from "../../ui/paged-card.tsx";
import { Empty } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { RangePicker, ViewButtons } from "../../view/controls.tsx";
import { FilterBar } from "../../view/filter-bar.tsx";
import { hostFilter } from "../../view/matchers.ts";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useParam, useView } from "../../view/use-view.ts";
import "./listeners.css";

type Listener = ListenersQuery["listeners"]["edges"][number]["node"];

const ORDERS: readonly (readonly [ListenerOrder, string])[] = [
  ["PEAK_FILL", "Fullest"],
  ["HEADROOM", "Least headroom"],
  ["ATTRIBUTION", "Most drops"],
];

/** The accept queue of every listener of the fleet, the one that needs somebody first. */
export default function ListenersPage() {
  const view = useView();
  const [order, setOrder] = useParam("order");
  const [small, setSmall] = useParam("below-somaxconn");
  const [orderBy] = ORDERS.find(([one]) => one === order) ?? ["PEAK_FILL" as const];
  const filter = hostFilter(view);
  const where = small === null ? null : { backlogBelowSomaxconn: true };
  const pages = usePages([filter, where, orderBy]);
  const data = useData(
    ListenersDocument,
    { filter, where, orderBy, after: pages.after, range: rangeInput(view.range) },
    { everyMs: Math.max(15_000, refreshMs(view.range)) },
  );
  return (
    <Page
      title="Listeners"
      lead="How full each accept queue got, and which of them dropped connections."
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
          <legend className="visually-hidden">Order</legend>
          {ORDERS.map(([value, words]) => (
            <button
              key={value}
              type="button"
              aria-pressed={value === orderBy}
              onClick={() => setOrder(value === "PEAK_FILL" ? null : value)}
            >
              {words}
            </button>
          ))}
        </fieldset>
        <label className="field-inline">
          <input
            type="checkbox"
            checked={small !== null}
            onChange={({ target }) => setSmall(target.checked ? "1" : null)}
          />
          <span>Backlog below somaxconn</span>
        </label>
      </div>
      <PagedCard
        data={data}
        pages={pages}
        connection={({ listeners }) => listeners}
        noun="listener"
        empty={
          <Empty icon="listeners" title="No listener matches">
            <p>A listener shows up here once an agent has listed it. Widen the range or the filter.</p>
          </Empty>
        }
      >
        {(rows) => <ListenerTable rows={rows} />}
      </PagedCard>
    </Page>
  );
}

function ListenerTable({ rows }: { readonly rows: readonly Listener[] }) {
  const { href } = useView();
  const columns: readonly Column<Listener>[] = [
    {
      key: "listener",
      head: "Listener",
      cell: ({ address, port, owner, host, namespace }) => (
        <span className="listener">
          <Link href={href(`/hosts/${host.id}`)} className="row-name">
            {host.name}
          </Link>
          <span className="row-note">
            <code>{socketName(address, port)}</code> {owner ?? "owner not seen"}
            {namespace.kind !== "ROOT" && ` in ${namespace.name ?? "a container"}`}
          </span>
        </span>
      ),
    },
    {
      key: "fill",
      head: "Fullest in the range",
      cell: ({ peakFill, backlog, backlogInferred }) => (
        <Bar
          fill={peakFill}
          text={
            backlog === null
              ? "limit not seen"
              : `${formatShare(peakFill)} of ${backlog}${backlogInferred ? " (inferred)" : ""}`
          }
        />
      ),
    },
    {
      key: "now",
      head: "Waiting now",
      numeric: true,
      wide: true,
      cell: ({ acceptQueue }) => formatNumber(acceptQueue),
    },
    {
      key: "drops",
      head: "Drops",
      numeric: true,
      cell: ({ attribution }) =>
        attribution === null || attribution.drops === 0 ? (
          "–"
        ) : (
          <span title={attribution.note}>
            ~{formatNumber(attribution.drops)}
            <span className="row-note listener-sure">{formatShare(attribution.confidence)} sure</span>
          </span>
        ),
    },
    {
      key: "advice",
      head: "What to do",
      grow: true,
      cell: (listener) => <Advice {...listener} />,
    },
  ];
  return <Table caption="Listeners" columns={columns} rows={rows} rowKey={({ id }) => id} />;
}

function socketName(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
