import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { formatTime } from "../../format/times.ts";
import { ExpireSilenceDocument, SilencesDocument, type SilencesQuery } from "../../generated/documents.ts";
import { Badge } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Fault } from "../../ui/fault.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useNow } from "../../view/use-now.ts";
import { useView } from "../../view/use-view.ts";
import { useChange } from "./change.ts";
import { NewSilence } from "./new-silence.tsx";
import type { SectionProps } from "./page.tsx";
import { LacksScope, Matchers } from "./parts.tsx";

type Silence = SilencesQuery["silences"][number];

/** What holds notifications back, once or again and again. */
export function SilencesSection({ scopes }: SectionProps) {
  const data = useData(SilencesDocument, {}, { everyMs: 15_000 });
  const change = useChange();
  const mayOperate = scopes.includes("operate");
  const expire = async (id: string) => {
    if ((await change.run(ExpireSilenceDocument, { id })) !== null) data.refresh();
  };
  return (
    <div className="stack">
      <Card
        title="Silence notifications"
        note="Incidents are opened all the same; nobody is told of those that all matchers meet."
      >
        {mayOperate ? (
          <NewSilence change={change} made={data.refresh} />
        ) : (
          <LacksScope scope="operate" toDo="silence notifications" />
        )}
        <Fault text={change.fault} />
      </Card>
      <Card title="Silences and maintenance" flush>
        <Loaded data={data}>
          {({ silences }) =>
            silences.length === 0 ? (
              <Empty icon="bell" title="Nothing is silenced" />
            ) : (
              <SilenceTable rows={silences} busy={change.busy} expire={mayOperate ? expire : null} />
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

interface SilenceTableProps {
  readonly rows: readonly Silence[];
  readonly busy: boolean;
  readonly expire: ((id: string) => Promise<void>) | null;
}

function SilenceTable({ rows, busy, expire }: SilenceTableProps) {
  const { zone } = useView();
  const now = useNow();
  const [asked, setAsked] = useState<string | null>(null);
  const hasEnded = ({ until, expiredAt }: Silence) =>
    expiredAt !== null || (until !== null && Date.parse(until) <= now);
  const columns: readonly Column<Silence>[] = [
    { key: "comment", head: "Why", cell: ({ comment }) => <span className="row-name">{comment}</span> },
    {
      key: "state",
      head: "State",
      cell: (silence) =>
        silence.active ? (
          <Badge tone="info">Active</Badge>
        ) : (
          <Badge tone="neutral">{hasEnded(silence) ? "Ended" : "Waiting"}</Badge>
        ),
    },
    { key: "matchers", head: "Incidents with", cell: ({ matchers }) => <Matchers matchers={matchers} /> },
    {
      key: "when",
      head: "When",
      cell: ({ window, from, until }) => (
        <span>
          {window !== null &&
            `${window.days.length === 7 ? "daily" : window.days.join(", ")} ${window.from}–${window.to} ${window.zone}, `}
          from {formatTime(Date.parse(from), zone, { now })}
          {until !== null && ` to ${formatTime(Date.parse(until), zone, { now })}`}
        </span>
      ),
    },
    { key: "by", head: "By", wide: true, cell: ({ createdBy }) => createdBy },
    {
      key: "end",
      head: <span className="visually-hidden">End</span>,
      cell: (silence) =>
        expire !== null &&
        !hasEnded(silence) && (
          <button
            type="button"
            className="button button-small"
            disabled={busy}
            aria-label={`End the silence “${silence.comment}”`}
            onClick={() => (asked === silence.id ? void expire(silence.id) : setAsked(silence.id))}
          >
            {asked === silence.id ? "Really end" : "End"}
          </button>
        ),
    },
  ];
  return <Table caption="Silences" columns={columns} rows={rows} rowKey={({ id }) => id} />;
}
