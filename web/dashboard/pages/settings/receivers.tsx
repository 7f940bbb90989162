import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { formatAgo } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import { ReceiversDocument, type ReceiversQuery, TestReceiverDocument } from "../../generated/documents.ts";
import { Badge, type Tone } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty, Loaded, StaleBanner } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useNow } from "../../view/use-now.ts";
import { useChange } from "./change.ts";
import type { SectionProps } from "./page.tsx";
import { Fault, LacksScope } from "./parts.tsx";

type Receiver = ReceiversQuery["receivers"][number];

const TONES: Readonly<Record<string, Tone>> = { DELIVERED: "good", FAILED: "critical", PENDING: "minor" };

/** Where incidents are told, with a message to try each. */
export function ReceiversSection({ scopes }: SectionProps) {
  const data = useData(ReceiversDocument, {}, { everyMs: 15_000 });
  const change = useChange();
  const now = useNow();
  const [tested, setTested] = useState<string | null>(null);
  const mayTest = scopes.includes("operate");
  const test = async (name: string) => {
    setTested(null);
    if ((await change.run(TestReceiverDocument, { name })) === null) return;
    setTested(name);
    data.refresh();
  };
  const columns: readonly Column<Receiver>[] = [
    { key: "name", head: "Receiver", cell: ({ name }) => <span className="row-name">{name}</span> },
    { key: "kind", head: "Kind", cell: ({ kind }) => sentence(kind) },
    { key: "target", head: "Target", grow: true, wide: true, cell: ({ target }) => <code>{target}</code> },
    {
      key: "last",
      head: "Last told",
      cell: ({ lastDelivery }) =>
        lastDelivery === null ? (
          <span className="row-note">never</span>
        ) : (
          <span title={lastDelivery.lastAnswer ?? undefined}>
            <Badge tone={TONES[lastDelivery.status] ?? "neutral"}>{sentence(lastDelivery.status)}</Badge>{" "}
            <span className="row-note">
              {lastDelivery.lastAttemptAt !== null && formatAgo(Date.parse(lastDelivery.lastAttemptAt), now)}
            </span>
          </span>
        ),
    },
    {
      key: "test",
      head: <span className="visually-hidden">Test</span>,
      cell: ({ name }) =>
        mayTest && (
          <button
            type="button"
            className="button button-small"
            disabled={change.busy}
            aria-label={`Send a test to ${name}`}
            onClick={() => void test(name)}
          >
            {tested === name ? "Sent" : "Send a test"}
          </button>
        ),
    },
  ];
  return (
    <div className="stack">
      <StaleBanner data={data} />
      <Fault text={change.fault} />
      <Card
        title="Receivers"
        note="Where incidents are told. They are set in the service's receivers.yml."
        flush
      >
        <Loaded data={data}>
          {({ receivers }) =>
            receivers.length === 0 ? (
              <Empty icon="bell" title="Nobody is told of incidents">
                <p>
                  Name a webhook, Alertmanager, PagerDuty, Slack or e-mail receiver in receivers.yml, in the
                  service's data folder.
                </p>
              </Empty>
            ) : (
              <Table caption="Receivers" columns={columns} rows={receivers} rowKey={({ name }) => name} />
            )
          }
        </Loaded>
      </Card>
      {!mayTest && <LacksScope scope="operate" toDo="send a test" />}
    </div>
  );
}
