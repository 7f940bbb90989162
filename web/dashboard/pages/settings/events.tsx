import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { formatTime } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import {
  RecordEventDocument,
  SettingsEventsDocument,
  type SettingsEventsQuery,
} from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Fault } from "../../ui/fault.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useView } from "../../view/use-view.ts";
import { useChange } from "./change.ts";
import type { SectionProps } from "./page.tsx";
import { LacksScope, Matchers } from "./parts.tsx";

type Event = SettingsEventsQuery["events"][number];

/** Maintenance is made under silences: it has an end, and hosts that it is of. */
const KINDS = ["DEPLOY", "NOTE"] as const;

/** What was recorded in the last week: deploys, maintenance, notes; reboots by themselves. */
export function EventsSection({ scopes }: SectionProps) {
  const { zone } = useView();
  const data = useData(SettingsEventsDocument, {}, { everyMs: 30_000 });
  const columns: readonly Column<Event>[] = [
    {
      key: "title",
      head: "Event",
      cell: ({ title, url }) =>
        url === null ? (
          <span className="row-name">{title}</span>
        ) : (
          <a href={url} className="row-name" rel="noreferrer">
            {title}
          </a>
        ),
    },
    { key: "kind", head: "Kind", cell: ({ kind }) => sentence(kind) },
    { key: "at", head: "When", cell: ({ at }) => formatTime(Date.parse(at), zone) },
    { key: "whom", head: "Whom", cell: ({ matchers }) => <Matchers matchers={matchers} /> },
    { key: "by", head: "By", wide: true, cell: ({ createdBy }) => createdBy ?? "the host itself" },
  ];
  return (
    <div className="stack">
      <Card
        title="Record an event"
        note="It is drawn on the plots, and named where an incident follows it. Maintenance is a silence."
      >
        {scopes.includes("operate") ? (
          <NewEvent made={data.refresh} />
        ) : (
          <LacksScope scope="operate" toDo="record events" />
        )}
      </Card>
      <Card title="The last 7 days" flush>
        <Loaded data={data}>
          {({ events }) =>
            events.length === 0 ? (
              <Empty icon="note" title="Nothing was recorded">
                <p>Let the pipeline that deploys say so: POST /v1/events.</p>
              </Empty>
            ) : (
              <Table caption="Events" columns={columns} rows={events} rowKey={({ id }) => id} />
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function NewEvent({ made }: { readonly made: () => void }) {
  const change = useChange();
  const [kind, setKind] = useState<string>("DEPLOY");
  const [title, setTitle] = useState("");
  const submit = async () => {
    if ((await change.run(RecordEventDocument, { input: { kind, title: title.trim() } })) === null) return;
    setTitle("");
    made();
  };
  return (
    <form
      className="form settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label>
        Kind
        <select value={kind} onChange={({ target }) => setKind(target.value)}>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {sentence(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Title
        <input required maxLength={300} value={title} onChange={({ target }) => setTitle(target.value)} />
      </label>
      <button type="submit" className="button button-primary" disabled={change.busy}>
        Record
      </button>
      <Fault text={change.fault} />
    </form>
  );
}
